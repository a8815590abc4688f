// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace simile {

/// A row of a file of labels.
struct LabelRow {
  std::string path;
  std::string label;  ///< empty: not labelled yet
  std::string where;  ///< for messages: "'labels.csv', row 3"
};

/// Which items have which class.
struct Labels {
  std::vector<std::string> classes;  ///< ascending bytes
  std::vector<std::int64_t> items;   ///< ascending
  std::vector<std::int32_t> labels;  ///< of each: position in `classes`
  std::vector<LabelRow> unknown;     ///< that name no item
  std::int64_t num_repeats = 0;      ///< rows that said again what another one says
  std::int64_t num_empty = 0;        ///< rows without a label

  std::int64_t size() const { return static_cast<std::int64_t>(items.size()); }
  std::int64_t num_classes() const { return static_cast<std::int64_t>(classes.size()); }
  /// Labelled items of each class.
  std::vector<std::int64_t> counts() const;
};

/// The rows of CSV files with the columns `path` and `label`; others are not looked at. Throws invalid_argument naming
/// --labels, the file and the column that is missing, or the row whose label is not UTF-8; and as read_csv().
std::vector<LabelRow> read_label_rows(std::span<const std::filesystem::path> files);

/// What rows say of items: a path is an item's id as in clusters.csv, so the index where items have no path, byte by
/// byte. Rows without a label say nothing. Throws invalid_argument naming --labels: an item has two labels, no row
/// names an item, or there are fewer than two classes.
Labels make_labels(std::span<const LabelRow> rows, std::span<const std::string> ids);

/// A class is the name of the folder that holds the item. Throws invalid_argument as make_labels(), and when an id
/// names no folder.
std::vector<LabelRow> label_rows_from_folders(std::span<const std::string> ids);

}  // namespace simile
