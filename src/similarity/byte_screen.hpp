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
  void take_sample(bool one_set);

  const QuantisedRows& left_;
  const QuantisedRows& right_;
  std::vector<std::vector<double>> sampled_highs_;  // ascending, of each stage
  std::vector<double> sampled_lows_;                // ascending, of the last stage
};

template <class Visit>
void ByteScreen::run(const Tile& tile, double floor, std::size_t stage, Workspace& workspace, Visit&& visit) const {
  const Prepared prepared = prepare(tile, stage, workspace);
  const ScreenItems rows = left_.items(prepared.rows.begin, stage);
  const std::int64_t step = kernels().product_columns;
  for (std::int64_t column = prepared.columns.begin; column < tile.cols.end; column += step) {
    const ScreenItems columns = right_.items(column, stage);
    const std::int64_t count = screen_columns(tile, prepared, column, byte_floor(floor), stage);
    for (const Survivor* pair = prepared.survivors; pair != prepared.survivors + count; ++pair) {
      const std::int64_t left = prepared.rows.begin + pair->row;
      const std::int64_t right = column + pair->column;
      if (left < tile.rows.begin || left >= tile.rows.end || right < tile.cols.begin || right >= tile.cols.end ||
          (tile.upper && left >= right)) {
        continue;
      }
      const double product = static_cast<double>(rows.scale[pair->row]) *
                             static_cast<double>(columns.scale[pair->column]) * static_cast<double>(pair->product);
      const double band = byte_band(
          static_cast<double>(rows.error[pair->row]), static_cast<double>(rows.length[pair->row]),
          static_cast<double>(columns.error[pair->column]), static_cast<double>(columns.length[pair->column]));
      visit(left, right, product - band, product + band);
    }
  }
}

}  // namespace simile
