// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "check.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"

namespace {

std::string written(const simile::CsvTable& table) {
  std::string text;
  const auto write = [&](const std::vector<std::string>& fields) {
    for (std::size_t k = 0; k < fields.size(); ++k) {
      if (k > 0) text += ',';
      text += simile::csv_field(fields[k]);
    }
    text += '\n';
  };
  write(table.header);
  for (const auto& row : table.rows) write(row);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto table = simile::parse_csv({reinterpret_cast<const char*>(data), size});
    simile::check(!table.header.empty());
    for (const auto& row : table.rows) simile::check(row.size() == table.header.size());
    // What was read can be written and read again.
    const auto again = simile::parse_csv(written(table));
    simile::check(again.header == table.header && again.rows == table.rows);
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::decode);
  }
  return 0;
}
