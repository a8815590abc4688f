// SPDX-License-Identifier: Apache-2.0
#include "simile/train/labels.hpp"

#include <map>
#include <string_view>
#include <unordered_map>

#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

std::size_t column(const CsvTable& table, const std::filesystem::path& file, std::string_view name) {
  try {
    return table.column(name);
  } catch (const Error& error) {
    throw Error(error.code(), concat("--labels ", in_quotes(file.native()), ": ", error.what()));
  }
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::vector<std::int64_t> Labels::counts() const {
  std::vector<std::int64_t> counts(classes.size());
  for (const auto label : labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

std::vector<LabelRow> read_label_rows(std::span<const std::filesystem::path> files) {
  std::vector<LabelRow> rows;
  for (const auto& file : files) {
    const CsvTable table = read_csv(file);
    const std::size_t path = column(table, file, "path");
    const std::size_t label = column(table, file, "label");
    for (std::size_t k = 0; k < table.rows.size(); ++k) {
      const auto& row = table.rows[k];
      rows.push_back({row[path], row[label], concat(in_quotes(file.native()), ", row ", k + 1)});
      if (!is_utf8(row[label])) {
        throw Error(ErrorCode::invalid_argument,
                    concat("--labels ", rows.back().where, ": the label ", in_quotes(row[label]), " is not UTF-8"));
      }
    }
  }
  return rows;
}

std::vector<LabelRow> label_rows_from_folders(std::span<const std::string> ids) {
  std::vector<LabelRow> rows;
  for (const auto& id : ids) {
    std::string folder = std::filesystem::path(id).parent_path().filename().native();
    if (folder.empty()) {
      throw Error(ErrorCode::invalid_argument,
                  concat("--labels folders: ", in_quotes(id), " names no folder; its class is not known"));
    }
    rows.push_back({id, to_valid_utf8(folder), concat("the folder of ", in_quotes(id))});
  }
  return rows;
}

Labels make_labels(std::span<const LabelRow> rows, std::span<const std::string> ids) {
  std::unordered_map<std::string_view, std::int64_t> item_of;
  for (std::size_t item = 0; item < ids.size(); ++item) item_of.emplace(ids[item], static_cast<std::int64_t>(item));
  Labels labels;
  std::map<std::int64_t, const LabelRow*> row_of;
  std::map<std::string_view, std::int32_t> classes;
  for (const auto& row : rows) {
    if (row.label.empty()) {
      ++labels.num_empty;
      continue;
    }
    const auto item = item_of.find(row.path);
    if (item == item_of.end()) {
      labels.unknown.push_back(row);
      continue;
    }
    const auto [known, fresh] = row_of.emplace(item->second, &row);
    if (!fresh && known->second->label != row.label) {
      throw Error(ErrorCode::invalid_argument,
                  concat("--labels: ", in_quotes(row.path), " has two labels: ", in_quotes(known->second->label),
                         " in ", known->second->where, ", and ", in_quotes(row.label), " in ", row.where));
    }
    labels.num_repeats += fresh ? 0 : 1;
    classes.emplace(row.label, 0);
  }
  if (row_of.empty()) {
    const bool none = labels.unknown.empty();
    throw Error(
        ErrorCode::invalid_argument,
        none ? std::string("--labels: no row has a label")
             : concat("--labels: no row names an item, such as ", in_quotes(ids.empty() ? std::string() : ids[0]), "; ",
                      labels.unknown.front().where, " names ", in_quotes(labels.unknown.front().path)));
  }
  if (classes.size() < 2) {
    throw Error(ErrorCode::invalid_argument,
                concat("--labels: all ", row_of.size(), " labelled items are ",
                       in_quotes(std::string(classes.begin()->first)), "; at least two classes are needed"));
  }
  for (auto& [name, position] : classes) {
    position = static_cast<std::int32_t>(labels.classes.size());
    labels.classes.emplace_back(name);
  }
  for (const auto& [item, row] : row_of) {
    labels.items.push_back(item);
    labels.labels.push_back(classes.at(row->label));
  }
  return labels;
}

}  // namespace simile
