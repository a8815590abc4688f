// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/cosine.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "similarity/arithmetic/cosine.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

// Depth of a panel: 2 x 16 columns of it stay in the first level cache.
constexpr std::int64_t kDepth = 256;
constexpr std::int64_t kEdge = 192;  // a multiple of every level's panel: 12 rows, 32 columns

constexpr double kAlikeToNothing = -std::numeric_limits<double>::infinity();

enum Slot : std::size_t { left_slot, right_slot, score_slot };

std::int64_t round_up(std::int64_t count, std::int64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

/// Writes normalised rows as panels of `width` rows: [panel][depth block][k][width], rows past the end as zeros.
void pack(const View<const float, 2>& vectors, const double* norms, const Range& rows, std::int64_t width, float* out) {
  const std::int64_t dimensions = vectors.shape[1];
  for (std::int64_t row = 0; row < round_up(rows.size(), width); ++row) {
    float* const panel = out + row / width * width * dimensions + row % width;
    if (row >= rows.size()) {
      for (std::int64_t k = 0; k < dimensions; ++k) panel[k * width] = 0;
      continue;
    }
    const double norm = norms[rows.begin + row];
    const double scale = norm > 0 ? 1 / std::sqrt(norm) : 0;
    const float* const values = vectors[rows.begin + row].data;
    for (std::int64_t k = 0; k < dimensions; ++k) panel[k * width] = static_cast<float>(values[k] * scale);
  }
}

void check_finite(const View<const float, 2>& vectors) {
  for (std::int64_t row = 0; row < vectors.shape[0]; ++row) {
    const float* const values = vectors[row].data;
    if (!std::all_of(values, values + vectors.shape[1], [](float value) { return std::isfinite(value); })) {
      throw Error(ErrorCode::invalid_argument, concat("row ", row, " holds NaN or an infinite value"));
    }
  }
}

}  // namespace

CosineMetric::CosineMetric(View<const float, 2> vectors) : CosineMetric(vectors, vectors) {}

CosineMetric::CosineMetric(View<const float, 2> left, View<const float, 2> right)
    : left_(left), right_(right), one_set_(left.data == right.data && left.shape == right.shape) {
  ensure(left.contiguous() && right.contiguous(), "cosine takes contiguous vectors");
  if (left.shape[1] != right.shape[1] || left.shape[1] < 1) {
    throw Error(ErrorCode::invalid_argument,
                concat("vectors of ", left.shape[1], " and ", right.shape[1], " dimensions cannot be compared"));
  }
  check_finite(left);
  if (!one_set_) check_finite(right);
  norms_ = Array<double, 1>({left.shape[0] + (one_set_ ? 0 : right.shape[0])});
  const Kernels& simd = kernels();
  const auto fill = [&](const View<const float, 2>& vectors, double* norms) {
    for (std::int64_t row = 0; row < vectors.shape[0]; ++row) {
      norms[row] = simd.dot(vectors[row].data, vectors[row].data, vectors.shape[1]);
    }
  };
  fill(left, norms_.data());
  if (!one_set_) fill(right, norms_.data() + left.shape[0]);
}

std::int64_t CosineMetric::resident_bytes() const {
  const auto float_bytes = static_cast<std::int64_t>(sizeof(float));
  return norms_.size_bytes() + float_bytes * (left_.size() + (one_set_ ? 0 : right_.size()));
}

Cost CosineMetric::cost() const {
  Cost cost;
  const Kernels& simd = kernels();
  const std::int64_t dimensions = left_.shape[1];
  cost.preferred_edge = kEdge;
  cost.bytes_per_row = 4 * dimensions;
  cost.bytes_per_column = 4 * dimensions;
  cost.bytes_per_pair = 4;
  // Small tiles are rounded up to whole panels.
  cost.fixed_bytes = 4 * (dimensions * (simd.gemm_rows + simd.gemm_columns) +
                          kEdge * (simd.gemm_rows + simd.gemm_columns) + simd.gemm_rows * simd.gemm_columns) +
                     4096;
  return cost;
}

double CosineMetric::exact(std::int64_t left, std::int64_t right) const {
  const double norm_left = norms_.data()[left];
  const double norm_right = right_norms()[right];
  if (norm_left == 0 || norm_right == 0) return kAlikeToNothing;
  const float* const x = left_[left].data;
  const float* const y = right_[right].data;
  const std::int64_t dimensions = left_.shape[1];
  if (std::equal(x, x + dimensions, y)) return 1;
  const double cosine = kernels().dot(x, y, dimensions) / std::sqrt(norm_left * norm_right);
  return std::clamp(cosine, -1.0, 1.0);
}

void CosineMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                std::vector<ScoredPair>& out) const {
  const double floor = need.floor;
  const Kernels& simd = kernels();
  const std::int64_t dimensions = left_.shape[1];
  const std::int64_t rows = round_up(tile.rows.size(), simd.gemm_rows);
  const std::int64_t cols = round_up(tile.cols.size(), simd.gemm_columns);
  auto* const left = workspace.buffer<float>(left_slot, rows * dimensions);
  auto* const right = workspace.buffer<float>(right_slot, cols * dimensions);
  auto* const scores = workspace.buffer<float>(score_slot, rows * cols);
  pack(left_, norms_.data(), tile.rows, simd.gemm_rows, left);
  pack(right_, right_norms(), tile.cols, simd.gemm_columns, right);
  std::fill(scores, scores + rows * cols, 0.0F);
  for (std::int64_t k = 0; k < dimensions; k += kDepth) {
    const std::int64_t depth = std::min(kDepth, dimensions - k);
    for (std::int64_t col = 0; col < cols; col += simd.gemm_columns) {
      const float* const right_panel = right + col * dimensions + k * simd.gemm_columns;
      for (std::int64_t row = 0; row < rows; row += simd.gemm_rows) {
        simd.gemm(left + row * dimensions + k * simd.gemm_rows, right_panel, depth, scores + row * cols + col, cols);
      }
    }
  }

  const double band = cosine_band(dimensions, kDepth);
  // One comparison in float rejects nearly all pairs; it errs on the side of keeping them.
  const float reject_below = std::nextafter(static_cast<float>(floor - band), -std::numeric_limits<float>::infinity());
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const float* const line = scores + (row - tile.rows.begin) * cols;
    for (std::int64_t col = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin; col < tile.cols.end;
         ++col) {
      const float score = line[col - tile.cols.begin];
      if (score < reject_below) continue;
      if (norms_.data()[row] == 0 || right_norms()[col] == 0) {
        if (kAlikeToNothing >= floor) out.push_back({row, col, kAlikeToNothing, kAlikeToNothing});
      } else {
        out.push_back({row, col, static_cast<double>(score) - band, static_cast<double>(score) + band});
      }
    }
  }
}

}  // namespace simile
