// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every pair of a tile by SSIM with Gaussian windows, in single precision. A thread block compares 32 x 32 images, row
// of windows by row of windows: it steps along the columns of eleven pixels, of which each thread keeps the weighted
// sums of its pairs' products of the last eleven in registers. What is of one image alone comes from its maps
// (gaussian_maps.cuh). Errors, and hence the band, are within those of the host's screen (docs/algorithms.md,
// "Gaussian SSIM screen").

#include <cstdint>

#include "cuda/core/quotient.cuh"
#include "cuda/similarity/score.cuh"
#include "cuda/similarity/ssim/gaussian_maps.cuh"
#include "cuda/similarity/ssim/grey_rows.cuh"
#include "similarity/arithmetic/ssim_gaussian.hpp"

namespace simile::cuda {

inline constexpr int kGaussianThreads = 16;  // a side of the block: each thread has 2 x 2 pairs
inline constexpr int kGaussianEdge = 2 * kGaussianThreads;
/// Eleven pixels of a column, and a zero: moved as three times four.
struct __align__(16) GaussianStrip {
  float pixels[kGaussianTaps + 1];
};
/// Columns that are taken at a time: each has its own register of the last eleven.
inline constexpr int kGaussianColumns = kGaussianTaps;

/// What shared memory holds of the 32 images of the rows and then as many of the columns. Strides are such that no bank
/// is met twice.
struct GaussianStage {
  /// Pixels of a column less their row's centre; of the rows' images twice that, weighted.
  GaussianStrip strips[2 * kGaussianEdge][kGaussianColumns];
  /// Of the window that ends in a column; of a row's image -2 mx', mx, mx^2 + c1, Vx + c2, of a column's my', my, Vy,
  /// 0.
  float4 statistics[2 * kGaussianEdge][kGaussianColumns];
};

/// sum + the weighted sum of eleven values, those first that weigh least.
template <class At>
__device__ inline float add_weighted(float sum, At&& at) {
  constexpr auto w0 = static_cast<float>(kGaussianWeights[0]);
  constexpr auto w1 = static_cast<float>(kGaussianWeights[1]);
  constexpr auto w2 = static_cast<float>(kGaussianWeights[2]);
  constexpr auto w3 = static_cast<float>(kGaussianWeights[3]);
  constexpr auto w4 = static_cast<float>(kGaussianWeights[4]);
  constexpr auto w5 = static_cast<float>(kGaussianWeights[5]);
  sum = __fmaf_rn(at(0) + at(10), w5, sum);
  sum = __fmaf_rn(at(1) + at(9), w4, sum);
  sum = __fmaf_rn(at(2) + at(8), w3, sum);
  sum = __fmaf_rn(at(3) + at(7), w2, sum);
  sum = __fmaf_rn(at(4) + at(6), w1, sum);
  return __fmaf_rn(at(5), w0, sum);
}

/// Stages a column of an image of the rows (kIsLeft) or of the columns, for row `row` of windows.
template <bool kIsLeft>
__device__ inline void stage_column(const GaussianSide& side, std::int64_t item, int row, int column,
                                    GaussianStrip& staged, float4& statistics) {
  constexpr float kWeights[kGaussianTaps] = {
      static_cast<float>(kGaussianWeights[5]), static_cast<float>(kGaussianWeights[4]),
      static_cast<float>(kGaussianWeights[3]), static_cast<float>(kGaussianWeights[2]),
      static_cast<float>(kGaussianWeights[1]), static_cast<float>(kGaussianWeights[0]),
      static_cast<float>(kGaussianWeights[1]), static_cast<float>(kGaussianWeights[2]),
      static_cast<float>(kGaussianWeights[3]), static_cast<float>(kGaussianWeights[4]),
      static_cast<float>(kGaussianWeights[5])};
  const int centre = side.maps.centre(item, row);
  const std::uint8_t* const pixels =
      side.images.image(item) + static_cast<std::int64_t>(row) * side.images.width + column;
  GaussianStrip strip{};
#pragma unroll
  for (int line = 0; line < kGaussianTaps; ++line) {
    const int value = pixels[static_cast<std::int64_t>(line) * side.images.width] - centre;
    strip.pixels[line] = kIsLeft ? kWeights[line] * static_cast<float>(2 * value) : static_cast<float>(value);
  }
  staged = strip;
  const int window = column - (kGaussianTaps - 1);
  if (window < 0) return;
  const GaussianMoments moments = side.maps.row(item, row)[window];
  const double shifted = moments.mean - (centre - kGaussianCentre);
  const double mean = moments.mean + kGaussianCentre;
  if (kIsLeft) {
    statistics = {static_cast<float>(-2 * shifted), static_cast<float>(mean),
                  static_cast<float>(mean * mean + kGaussianC1), static_cast<float>(moments.variance() + kGaussianC2)};
  } else {
    statistics = {static_cast<float>(shifted), static_cast<float>(mean), static_cast<float>(moments.variance()), 0};
  }
}

/// Columns from `first` on; images beyond the tile are the last ones.
__device__ inline void stage_columns(GaussianStage& stage, const GaussianSide& left, const GaussianSide& right,
                                     const DeviceTile& tile, std::int64_t row_item, std::int64_t col_item, int row,
                                     int first) {
  const int thread = static_cast<int>(threadIdx.y * kGaussianThreads + threadIdx.x);
  for (int at = thread; at < 2 * kGaussianEdge * kGaussianColumns; at += kGaussianThreads * kGaussianThreads) {
    const int image = at / kGaussianColumns;
    const int step = at % kGaussianColumns;
    if (first + step >= left.images.width) continue;
    auto& strip = stage.strips[image][step];
    auto& statistics = stage.statistics[image][step];
    if (image < kGaussianEdge) {
      const auto item = min(static_cast<long long>(row_item + image), static_cast<long long>(tile.rows.end - 1));
      stage_column<true>(left, item, row, first + step, strip, statistics);
    } else {
      const auto item =
          min(static_cast<long long>(col_item + image - kGaussianEdge), static_cast<long long>(tile.cols.end - 1));
      stage_column<false>(right, item, row, first + step, strip, statistics);
    }
  }
}

/// Half the similarity of a window, of 2 E[x' y'] + c2 and both images' statistics.
__device__ inline float half_gaussian(float products, const float4& x, const float4& y) {
  const float structure = __fmaf_rn(y.x, x.x, products);
  const float luminance = __fmaf_rn(y.y, x.y, static_cast<float>(kGaussianC1 / 2));
  const float luminance_norm = __fmaf_rn(y.y, y.y, x.z);
  const float structure_norm = x.w + y.z;
  return quotient(luminance * structure, luminance_norm * structure_norm);
}

/// This thread's 2 x 2 pairs.
struct GaussianPairs {
  float columns[2][2][kGaussianColumns] = {};  ///< weighted sums of 2 x' y' of the last columns
  float sums[2][2] = {};                       ///< of half similarities

  /// Takes the first `end` columns of the stage; windows end in those from `begin` on.
  __device__ void add(const GaussianStage& stage, int begin, int end) {
#pragma unroll
    for (int step = 0; step < kGaussianColumns; ++step) {
      if (step >= end) break;
      multiply(stage, step);
      if (step < begin) continue;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float4 x = stage.statistics[threadIdx.y + i * kGaussianThreads][step];
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          const float4 y = stage.statistics[kGaussianEdge + threadIdx.x + j * kGaussianThreads][step];
          const float products = add_weighted(static_cast<float>(kGaussianC2),
                                              [&](int k) { return columns[i][j][(step + 1 + k) % kGaussianColumns]; });
          sums[i][j] += half_gaussian(products, x, y);
        }
      }
    }
  }

 private:
  __device__ void multiply(const GaussianStage& stage, int step) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const GaussianStrip x = stage.strips[threadIdx.y + i * kGaussianThreads][step];
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        const GaussianStrip y = stage.strips[kGaussianEdge + threadIdx.x + j * kGaussianThreads][step];
        // Two sums: fewer roundings for each term, and the second one need not wait.
        float even = x.pixels[0] * y.pixels[0];
        float odd = x.pixels[1] * y.pixels[1];
#pragma unroll
        for (int line = 2; line < kGaussianTaps; line += 2) {
          even = __fmaf_rn(x.pixels[line], y.pixels[line], even);
          if (line + 1 < kGaussianTaps) odd = __fmaf_rn(x.pixels[line + 1], y.pixels[line + 1], odd);
        }
        columns[i][j][step] = even + odd;
      }
    }
  }
};

template <class Sink>
__global__ void __launch_bounds__(kGaussianThreads* kGaussianThreads)
    ssim_gaussian_tile(DeviceTile tile, GaussianSide left, GaussianSide right, Cores cores, Sink sink) {
  __shared__ GaussianStage stage;
  const std::int64_t row_item = tile.rows.begin + static_cast<std::int64_t>(blockIdx.y) * kGaussianEdge;
  const std::int64_t col_item = tile.cols.begin + static_cast<std::int64_t>(blockIdx.x) * kGaussianEdge;
  if (tile.upper && col_item + kGaussianEdge <= row_item) return;
  const int width = left.images.width;
  bool has_pairs = false;  // this thread
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      has_pairs = has_pairs || tile.has(row_item + threadIdx.y + i * kGaussianThreads,
                                        col_item + threadIdx.x + j * kGaussianThreads);
    }
  }
  double totals[2][2] = {};
  GaussianPairs pairs;
  int run = 0;  // windows in pairs.sums
  const auto flush = [&] {
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j) {
        totals[i][j] += 2 * static_cast<double>(pairs.sums[i][j]);
        pairs.sums[i][j] = 0;
      }
    }
    run = 0;
  };
  for (int row = 0; row < left.maps.rows; ++row) {
    for (int first = 0; first < width; first += kGaussianColumns) {
      __syncthreads();
      stage_columns(stage, left, right, tile, row_item, col_item, row, first);
      __syncthreads();
      const int end = min(kGaussianColumns, width - first);
      const int begin = max(0, kGaussianTaps - 1 - first);
      if (run + end - begin > kGaussianRowSum) flush();
      if (has_pairs) pairs.add(stage, begin, end);
      run += end - begin;
    }
  }
  flush();
  const double count = static_cast<double>(left.maps.rows) * static_cast<double>(left.maps.columns);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      const std::int64_t left_item = row_item + threadIdx.y + i * kGaussianThreads;
      const std::int64_t right_item = col_item + threadIdx.x + j * kGaussianThreads;
      if (!tile.has(left_item, right_item)) continue;
      const double mean = totals[i][j] / count;
      const double band = gaussian_band(left.maps.reach(left_item), right.maps.reach(right_item));
      sink.see(left_item, right_item, cores.bound(left_item, right_item, mean - band),
               cores.bound(left_item, right_item, mean + band));
    }
  }
}

}  // namespace simile::cuda
