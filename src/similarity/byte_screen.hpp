// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "similarity/arithmetic/bytes.hpp"
#include "similarity/quantised_rows.hpp"

#include "simile/similarity/metric.hpp"

namespace simile {

/// Rejects pairs of rows by products of their bytes, exact in 32 bits, with the band of arithmetic/bytes.hpp. The first
/// stage multiplies some of the values and bounds the others by Cauchy and Schwarz; blocks of pairs that may still
/// reach the floor are completed. Refers to the rows.
class ByteScreen {
 public:
  ByteScreen(const QuantisedRows& left, const QuantisedRows& right, bool one_set);

  /// How a floor is screened best, judged by a seeded sample of pairs; only speed depends on it.
  struct Plan {
    std::size_t stage = 0;  ///< of QuantisedRows::stages
    double unsure = 0;      ///< share of pairs whose interval holds the floor
  };
  Plan plan(double floor) const;

  /// No interval is wider.
  double max_width() const;

  static std::int64_t bytes_per_row(std::int64_t depth);
  static std::int64_t bytes_per_column(std::int64_t depth);
  static std::int64_t fixed_bytes(std::int64_t depth);

  /// Calls visit(left, right, low, high) for every pair of the block whose product, less both offsets, is not surely
  /// below `floor`; low and high enclose the product.
  template <class Visit>
  void run(const Tile& tile, double floor, std::size_t stage, Workspace& workspace, Visit&& visit) const;

 private:
  /// A tile's operands in the workspace.
  struct Prepared {
    PanelSpan rows;
    PanelSpan columns;
    Operand left;
    Operand right;
    RowBounds* bounds;
    Survivor* survivors;
  };
  Prepared prepare(const Tile& tile, std::size_t stage, Workspace& workspace) const;
  /// Survivors of the columns from `column` on, relative to rows.begin and column.
  std::int64_t screen_columns(const Tile& tile, const Prepared& prepared, std::int64_t column, float floor,
                              std::size_t stage) const;
  /// Survivors of one row, column by column as they lie, in `columns`: relative to its first and to the row.
  std::int64_t screen_row(std::int64_t row, Range columns, float floor, Workspace& workspace,
                          Survivor* survivors) const;
  void take_sample(bool one_set);
  template <class Visit>
  void run_rows(const Tile& tile, double floor, Workspace& workspace, Visit&& visit) const;
  /// Visits the survivors that are pairs of the tile; they count from `row` and `column` on.
  template <class Visit>
  void visit_survivors(const Tile& tile, std::int64_t row, std::int64_t column, const Survivor* survivors,
                       std::int64_t count, Visit&& visit) const;

  // Tiles of fewer rows take each as it is: preparing the columns would take longer than multiplying them.
  static constexpr std::int64_t kFewRows = 4;
  static constexpr std::int64_t kRowColumns = 1024;  ///< of a row at once, whole panels
  enum Slot : std::size_t { bounds_slot = right_panels_slot + 1, survivor_slot };

  const QuantisedRows& left_;
  const QuantisedRows& right_;
  std::vector<std::vector<double>> sampled_highs_;  // ascending, of each stage
  std::vector<double> sampled_lows_;                // ascending, of the last stage
};

template <class Visit>
void ByteScreen::visit_survivors(const Tile& tile, std::int64_t row, std::int64_t column, const Survivor* survivors,
                                 std::int64_t count, Visit&& visit) const {
  const ScreenItems rows = left_.items(row, 0);
  const ScreenItems columns = right_.items(column, 0);
  for (const Survivor* pair = survivors; pair != survivors + count; ++pair) {
    const std::int64_t left = row + pair->row;
    const std::int64_t right = column + pair->column;
    if (left < tile.rows.begin || left >= tile.rows.end || right < tile.cols.begin || right >= tile.cols.end ||
        (tile.upper && left >= right)) {
      continue;
    }
    const double product = static_cast<double>(rows.scale[pair->row]) *
                           static_cast<double>(columns.scale[pair->column]) * static_cast<double>(pair->product);
    const double band =
        byte_band(static_cast<double>(rows.error[pair->row]), static_cast<double>(rows.length[pair->row]),
                  static_cast<double>(columns.error[pair->column]), static_cast<double>(columns.length[pair->column]));
    visit(left, right, product - band, product + band);
  }
}

template <class Visit>
void ByteScreen::run(const Tile& tile, double floor, std::size_t stage, Workspace& workspace, Visit&& visit) const {
  if (tile.rows.size() < kFewRows) {
    run_rows(tile, floor, workspace, visit);
    return;
  }
  const Prepared prepared = prepare(tile, stage, workspace);
  const std::int64_t step = kernels().product_columns;
  for (std::int64_t column = prepared.columns.begin; column < tile.cols.end; column += step) {
    const std::int64_t count = screen_columns(tile, prepared, column, byte_floor(floor), stage);
    visit_survivors(tile, prepared.rows.begin, column, prepared.survivors, count, visit);
  }
}

template <class Visit>
void ByteScreen::run_rows(const Tile& tile, double floor, Workspace& workspace, Visit&& visit) const {
  auto* const survivors = workspace.buffer<Survivor>(survivor_slot, kRowColumns);
  const PanelSpan columns(tile.cols.begin, tile.cols.end, kPanelRows);
  const std::int64_t end = columns.begin + columns.size;
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    for (std::int64_t column = columns.begin; column < end; column += kRowColumns) {
      const Range part{column, std::min(column + kRowColumns, end)};
      const std::int64_t count = screen_row(row, part, byte_floor(floor), workspace, survivors);
      visit_survivors(tile, row, column, survivors, count, visit);
    }
  }
}

}  // namespace simile
