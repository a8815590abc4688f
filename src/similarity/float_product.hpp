// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simile/core/view.hpp"
#include "simile/similarity/tile.hpp"
#include "simile/similarity/workspace.hpp"

namespace simile {

/// Rows and their squared norms.
struct FloatRows {
  View<const float, 2> values;
  const double* squared_norms;
};

/// Single-precision cosines of a tile's rows and columns, [row, column].
struct FloatProduct {
  const float* scores;
  std::int64_t row_stride;
};

/// Multiplies the normalised rows of a block in single precision; each score is within cosine_band(d,
/// kFloatProductDepth) of the cosine (docs/algorithms.md, "cosine screen"), 0 where a row is zero.
FloatProduct multiply_normalised(const FloatRows& left, const FloatRows& right, const Tile& tile, Workspace& workspace);

/// Values that are summed before the sum is added to the score.
inline constexpr std::int64_t kFloatProductDepth = 256;

inline constexpr std::int64_t kFloatProductBytesPerPair = 4;
/// Scratch for a row or a column.
inline std::int64_t float_product_bytes_per_row(std::int64_t dimensions) { return 4 * dimensions; }
/// Tiles are rounded up to whole panels.
std::int64_t float_product_fixed_bytes(std::int64_t dimensions, std::int64_t edge);

}  // namespace simile
