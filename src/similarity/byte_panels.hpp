// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/simd/kernels.hpp"

#include "simile/core/array.hpp"
#include "simile/similarity/workspace.hpp"

namespace simile {

/// Rows of signed bytes as the byte products take them: panels of kPanelRows rows, [group of 4 values][row][4]; rows
/// and values are padded with zeros, and a panel of zeros follows the last one, so that a block of two panels may begin
/// at any.
class BytePanels {
 public:
  BytePanels() = default;
  BytePanels(std::int64_t num_rows, std::int64_t depth);

  std::int64_t num_rows() const { return num_rows_; }
  /// Rows that the panels have room for.
  std::int64_t padded_rows() const { return bytes_.shape(0) * kPanelRows; }
  /// Values of a row, padded to whole blocks of kScreenBlock.
  std::int64_t padded_depth() const { return bytes_.shape(1) / kPanelRows; }
  std::int64_t groups() const { return padded_depth() / 4; }
  std::int64_t size_bytes() const { return bytes_.size_bytes(); }
  /// Of so many rows.
  static std::int64_t size_bytes(std::int64_t num_rows, std::int64_t depth) {
    return num_panels(num_rows) * panel_bytes(depth);
  }

  /// Writes a row of padded_depth() values.
  void put(std::int64_t row, const std::int8_t* values);
  void get(std::int64_t row, std::int8_t* values) const;

  /// The panels from the one that holds `row` on, and their values from group `group` on.
  Operand from(std::int64_t row, std::int64_t group = 0) const {
    return {bytes_.data() + row / kPanelRows * bytes_.shape(1) + group * 4 * kPanelRows, bytes_.shape(1)};
  }

 private:
  static std::int64_t num_panels(std::int64_t num_rows) { return (num_rows + kPanelRows - 1) / kPanelRows + 1; }
  static std::int64_t panel_bytes(std::int64_t depth) {
    return (depth + kScreenBlock - 1) / kScreenBlock * kScreenBlock * kPanelRows;
  }

  std::int64_t num_rows_ = 0;
  Array<std::int8_t, 2> bytes_;  // [panel, depth * kPanelRows]
};

/// Rows of a tile, widened to whole panels and then to whole blocks of a product.
struct PanelSpan {
  PanelSpan(std::int64_t begin_in, std::int64_t end_in, std::int64_t block)
      : begin(begin_in / kPanelRows * kPanelRows), size((end_in - begin + block - 1) / block * block) {}
  std::int64_t num_panels() const { return (size + kPanelRows - 1) / kPanelRows; }

  std::int64_t begin;
  std::int64_t size;
};

/// Workspace slots of prepared panels.
enum ProductSlot : std::size_t { left_panels_slot, right_panels_slot };

/// The rows of a tile in the form of the level in use, `groups` groups of values deep.
Operand prepare_left(const Operand& panels, const PanelSpan& rows, std::int64_t groups, Workspace& workspace);
Operand prepare_right(const Operand& panels, const PanelSpan& columns, std::int64_t groups, Workspace& workspace);
/// A prepared right operand from a column on, whole blocks behind its first.
Operand columns_from(const Operand& prepared, std::int64_t column);

/// How many rows, in whole blocks, a block of columns from `column` on is multiplied with: all, or of an `upper` tile
/// (Tile::upper) those that lie above the diagonal.
std::int64_t rows_to_multiply(const PanelSpan& rows, std::int64_t column, bool upper);

/// products[rows.size, columns.size] += left right', exactly, where sums fit 32 bits (kMaxProductDepth). Of an `upper`
/// tile, what lies below the diagonal is left out by whole blocks.
void add_products(const Operand& left, const PanelSpan& rows, const Operand& right, const PanelSpan& columns,
                  std::int64_t groups, bool upper, Workspace& workspace, std::int32_t* products);

}  // namespace simile
