// SPDX-License-Identifier: Apache-2.0
#include "similarity/float_product.hpp"

#include <algorithm>
#include <cmath>

#include "similarity/simd/kernels.hpp"

namespace simile {
namespace {

enum Slot : std::size_t { left_slot, right_slot, score_slot };

std::int64_t round_up_to(std::int64_t count, std::int64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

/// Writes normalised rows as panels of `width` rows: [panel][depth block][k][width], rows past the end as zeros.
void pack(const FloatRows& source, const Range& rows, std::int64_t width, float* out) {
  const std::int64_t dimensions = source.values.shape[1];
  for (std::int64_t row = 0; row < round_up_to(rows.size(), width); ++row) {
    float* const panel = out + row / width * width * dimensions + row % width;
    if (row >= rows.size()) {
      for (std::int64_t k = 0; k < dimensions; ++k) panel[k * width] = 0;
      continue;
    }
    const double norm = source.squared_norms[rows.begin + row];
    const double scale = norm > 0 ? 1 / std::sqrt(norm) : 0;
    const float* const values = source.values[rows.begin + row].data;
    for (std::int64_t k = 0; k < dimensions; ++k) panel[k * width] = static_cast<float>(values[k] * scale);
  }
}

}  // namespace

std::int64_t float_product_fixed_bytes(std::int64_t dimensions, std::int64_t edge) {
  const Kernels& simd = kernels();
  return 4 * (dimensions * (simd.gemm_rows + simd.gemm_columns) + edge * (simd.gemm_rows + simd.gemm_columns) +
              simd.gemm_rows * simd.gemm_columns);
}

FloatProduct multiply_normalised(const FloatRows& left_rows, const FloatRows& right_rows, const Tile& tile,
                                 Workspace& workspace) {
  const Kernels& simd = kernels();
  const std::int64_t dimensions = left_rows.values.shape[1];
  const std::int64_t rows = round_up_to(tile.rows.size(), simd.gemm_rows);
  const std::int64_t cols = round_up_to(tile.cols.size(), simd.gemm_columns);
  auto* const left = workspace.buffer<float>(left_slot, rows * dimensions);
  auto* const right = workspace.buffer<float>(right_slot, cols * dimensions);
  auto* const scores = workspace.buffer<float>(score_slot, rows * cols);
  pack(left_rows, tile.rows, simd.gemm_rows, left);
  pack(right_rows, tile.cols, simd.gemm_columns, right);
  std::fill(scores, scores + rows * cols, 0.0F);
  for (std::int64_t k = 0; k < dimensions; k += kFloatProductDepth) {
    const std::int64_t depth = std::min(kFloatProductDepth, dimensions - k);
    for (std::int64_t col = 0; col < cols; col += simd.gemm_columns) {
      const float* const right_panel = right + col * dimensions + k * simd.gemm_columns;
      for (std::int64_t row = 0; row < rows; row += simd.gemm_rows) {
        simd.gemm(left + row * dimensions + k * simd.gemm_rows, right_panel, depth, scores + row * cols + col, cols);
      }
    }
  }
  return {scores, cols};
}

}  // namespace simile
