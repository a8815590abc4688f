// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/truth.hpp"

#include <fstream>
#include <unordered_map>

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/image/idx.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxLabelBytes = 4LL << 30;

std::vector<std::string> truth_from_folders(const Catalogue& catalogue) {
  if (!catalogue.has_files) {
    throw Error(ErrorCode::invalid_argument,
                "--truth folders needs files; the input is an array (give a CSV or an IDX file)");
  }
  std::vector<std::string> classes;
  for (std::int64_t item = 0; item < catalogue.size(); ++item) {
    classes.push_back(
        std::filesystem::absolute(catalogue.file(item)).lexically_normal().parent_path().filename().native());
  }
  return classes;
}

std::vector<std::string> truth_from_idx(const std::string& source, const Catalogue& catalogue) {
  const IdxArray labels = read_idx(source, kMaxLabelBytes);
  if (labels.shape.size() != 1 || labels.shape[0] != catalogue.size()) {
    throw Error(
        ErrorCode::invalid_argument,
        concat("--truth ", in_quotes(source), " holds ", labels.shape.empty() ? 0 : labels.shape[0], " labels in ",
               labels.shape.size(), " axes; needed is one for each of ", catalogue.size(), " items"));
  }
  std::vector<std::string> classes;
  for (std::int64_t item = 0; item < catalogue.size(); ++item)
    classes.push_back(std::to_string(labels.bytes.data()[item]));
  return classes;
}

std::vector<std::string> truth_from_csv(const std::string& source, const Catalogue& catalogue) {
  const CsvTable table = read_csv(source);
  const auto column = [&](std::string_view name) {
    try {
      return table.column(name);
    } catch (const Error& error) {
      throw Error(error.code(), concat("--truth ", in_quotes(source), ": ", error.what()));
    }
  };
  const std::size_t path = column("path");
  const std::size_t label = column("label");
  std::unordered_map<std::string, std::string> label_of;
  for (const auto& row : table.rows) {
    const auto [known, fresh] = label_of.emplace(row[path], row[label]);
    if (!fresh && known->second != row[label]) {
      throw Error(ErrorCode::invalid_argument,
                  concat("--truth ", in_quotes(source), " gives ", in_quotes(row[path]),
                         " two labels: ", in_quotes(known->second), " and ", in_quotes(row[label])));
    }
  }
  std::vector<std::string> classes;
  std::int64_t known = 0;
  for (const auto& id : catalogue.ids) {
    const auto found = label_of.find(id);
    classes.push_back(found == label_of.end() ? std::string() : found->second);
    known += found == label_of.end() ? 0 : 1;
  }
  if (known == 0 && catalogue.size() > 0) {
    throw Error(ErrorCode::invalid_argument,
                concat("--truth ", in_quotes(source), " names none of the items; its paths must be as ",
                       in_quotes(catalogue.ids.front())));
  }
  return classes;
}

bool starts_as_idx(const std::string& source) {
  // Only a regular file is opened: opening a pipe would wait for somebody to write to it.
  const auto status = std::filesystem::status(source);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error(ErrorCode::io, concat("--truth ", in_quotes(source), ": not a regular file"));
  }
  std::ifstream file(source, std::ios::binary);
  if (!file) throw_system_error("read", source);
  std::vector<std::uint8_t> start(4);
  file.read(reinterpret_cast<char*>(start.data()), 4);
  start.resize(static_cast<std::size_t>(file.gcount()));
  return is_idx_or_gzip(start);
}

}  // namespace

std::vector<std::string> read_truth(const std::string& source, const Catalogue& catalogue) {
  if (source == "folders") return truth_from_folders(catalogue);
  return starts_as_idx(source) ? truth_from_idx(source, catalogue) : truth_from_csv(source, catalogue);
}

}  // namespace simile
