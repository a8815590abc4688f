// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where in the square of all pairs a fused kernel works: macro tiles, and the order in which they come.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile::cuda {

/// Rows, and columns, of a macro tile: what two blocks of threads that share a cluster score, the upper half of the
/// rows the first, the lower half the second.
inline constexpr std::int64_t kMacroEdge = 256;
inline constexpr std::int64_t kTileRows = kMacroEdge / 2;
inline constexpr std::int64_t kTileCols = kMacroEdge;

/// Row blocks that the columns pass by together. The rows of 66 tiles at work then are 2 x 2,048, which the
/// second-level cache holds.
inline constexpr std::int64_t kBandBlocks = 8;

/// Blocks of kMacroEdge items, by number.
struct MacroTile {
  std::int32_t row;
  std::int32_t col;
};

/// The largest whole k with k (k + 1) / 2 <= index; 0 <= index < 2^52.
SIMILE_SHARED std::int64_t triangular_root(std::int64_t index) {
  auto root = static_cast<std::int64_t>((std::sqrt(8.0 * static_cast<double>(index) + 1.0) - 1.0) / 2.0);
  if (root * (root + 1) / 2 > index) --root;
  if ((root + 1) * (root + 2) / 2 <= index) ++root;
  return root;
}

/// The macro tiles of a rectangle, or of a square's diagonal and what lies above it, one after the other.
struct TileOrder {
  std::int64_t rows;  ///< blocks
  std::int64_t cols;
  bool upper;  ///< rows == cols

  SIMILE_SHARED_MEMBER std::int64_t size() const { return upper ? before_row(rows) : rows * cols; }

  /// Tile number `index`, 0 <= index < size().
  SIMILE_SHARED_MEMBER MacroTile at(std::int64_t index) const {
    const std::int64_t band = upper ? upper_band(index) : index / (kBandBlocks * cols);
    const std::int64_t first = band * kBandBlocks;
    const std::int64_t height = rows - first < kBandBlocks ? rows - first : kBandBlocks;
    std::int64_t offset = index - (upper ? before_row(first) : first * cols);
    std::int64_t first_col = 0;
    if (upper) {
      // A triangle on the diagonal, then whole columns.
      const std::int64_t corner = height * (height + 1) / 2;
      if (offset < corner) {
        const std::int64_t col = triangular_root(offset);
        return tile(first + offset - col * (col + 1) / 2, first + col);
      }
      offset -= corner;
      first_col = first + height;
    }
    return tile(first + offset % height, first_col + offset / height);
  }

 private:
  static SIMILE_SHARED_MEMBER MacroTile tile(std::int64_t row, std::int64_t col) {
    return {static_cast<std::int32_t>(row), static_cast<std::int32_t>(col)};
  }
  /// Tiles above a row of the triangle.
  SIMILE_SHARED_MEMBER std::int64_t before_row(std::int64_t row) const { return row * rows - row * (row - 1) / 2; }
  SIMILE_SHARED_MEMBER std::int64_t upper_band(std::int64_t index) const {
    const double side = 2.0 * static_cast<double>(rows) + 1.0;
    const double under = side * side - 8.0 * static_cast<double>(index);
    auto band = static_cast<std::int64_t>((side - std::sqrt(under > 0 ? under : 0)) / 2.0) / kBandBlocks;
    if (before_row(band * kBandBlocks) > index) --band;
    const std::int64_t next = (band + 1) * kBandBlocks;
    if (next < rows && before_row(next) <= index) ++band;
    return band;
  }
};

/// Pairs in a tile of `num_rows` x `num_cols` items; of a diagonal tile those above the diagonal.
SIMILE_SHARED std::int64_t pairs_in(const MacroTile& tile, const TileOrder& order, std::int64_t num_rows,
                                    std::int64_t num_cols) {
  const std::int64_t below = num_rows - tile.row * kMacroEdge;
  const std::int64_t beyond = num_cols - tile.col * kMacroEdge;
  const std::int64_t height = below < kMacroEdge ? below : kMacroEdge;
  const std::int64_t width = beyond < kMacroEdge ? beyond : kMacroEdge;
  return order.upper && tile.row == tile.col ? height * (height - 1) / 2 : height * width;
}

}  // namespace simile::cuda
