// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "check.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"

namespace {

/// The table with one more column in front: the first line then has a comma, so that it is not taken for semicolons,
/// and no byte order mark of its own.
std::string written(const simile::CsvTable& table) {
  std::string text;
  const auto write = [&](const char* first, const std::vector<std::string>& fields) {
    text += first;
    for (const auto& field : fields) text += ',' + simile::csv_field(field);
    text += '\n';
  };
  write("x", table.header);
  for (const auto& row : table.rows) write("", row);
  return text;
}

std::vector<std::string> without_first(std::vector<std::string> fields) {
  fields.erase(fields.begin());
  return fields;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto table = simile::parse_csv({reinterpret_cast<const char*>(data), size});
    simile::check(!table.header.empty());
    for (const auto& row : table.rows) simile::check(row.size() == table.header.size());
    // What was read can be written and read again.
    const auto again = simile::parse_csv(written(table));
    simile::check(without_first(again.header) == table.header && again.rows.size() == table.rows.size());
    for (std::size_t k = 0; k < table.rows.size(); ++k) simile::check(without_first(again.rows[k]) == table.rows[k]);
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::decode);
  }
  return 0;
}
