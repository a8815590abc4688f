// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every pair of a tile by SSIM, in single precision from exact integers. A thread block compares 32 x 32 images, window
// row by window row: a column of seven pixels is one 64-bit word, so that four instructions multiply it by another's,
// and a window is the sum of seven columns, of which each thread keeps the last ones in registers. The operations of a
// window, and hence the band, are those of the host's screen (docs/algorithms.md, "SSIM screen").

#include <cstdint>

#include "cuda/core/quotient.cuh"
#include "cuda/similarity/score.cuh"
#include "cuda/similarity/ssim/grey_rows.cuh"
#include "similarity/arithmetic/ssim.hpp"

namespace simile::cuda {

inline constexpr int kSsimSide = 7;      // of a window
inline constexpr int kSsimThreads = 16;  // a side of the block: each thread has 2 x 2 pairs
inline constexpr int kSsimEdge = 2 * kSsimThreads;
inline constexpr int kSsimBlocks = 3;  // at once, on a multiprocessor: with more, registers do not suffice
inline constexpr int kSsimChunk = 36;  // windows of a row that are taken at a time: with six more, columns are sevens
inline constexpr int kSsimColumns = kSsimChunk + kSsimSide - 1;
static_assert(kSsimColumns % kSsimSide == 0 && kSsimChunk <= kSsimRowSum);

/// What shared memory holds of `kEdge` images of the rows, and then as many of the columns: their strips and up to
/// `kChunk` windows. Strides are such that no bank is met twice.
template <int kEdge, int kChunk, int kStride>
struct SsimStage {
  static constexpr int kRowImages = kEdge;
  static constexpr int kImages = 2 * kEdge;
  static constexpr int kColumns = kChunk + kSsimSide - 1;
  static_assert(kColumns <= kStride);

  std::uint64_t strips[kImages][kStride];  ///< seven pixels of a column, the first in the lowest byte
  std::int32_t sums[kImages][kChunk | 1];  ///< Sx of a window
  float variances[kImages][kChunk | 1];    ///< 49 Sxx - Sx^2
};
using SsimDenseStage = SsimStage<kSsimEdge, kSsimChunk, kSsimColumns + 1>;

__device__ inline unsigned low_half(std::uint64_t strip) { return static_cast<unsigned>(strip); }
__device__ inline unsigned high_half(std::uint64_t strip) { return static_cast<unsigned>(strip >> 32); }
/// sum + the sum of the products of seven pixels each.
__device__ inline unsigned strip_product(std::uint64_t x, std::uint64_t y, unsigned sum) {
  return __dp4a(high_half(x), high_half(y), __dp4a(low_half(x), low_half(y), sum));
}

/// Image k of the stage, the last one in place of those beyond the tile.
template <class Stage>
__device__ inline const std::uint8_t* staged_image(const GreyRows& left, const GreyRows& right, const DeviceTile& tile,
                                                   std::int64_t row, std::int64_t col, int k) {
  if (k < Stage::kRowImages)
    return left.image(min(static_cast<long long>(row + k), static_cast<long long>(tile.rows.end - 1)));
  return right.image(
      min(static_cast<long long>(col + k - Stage::kRowImages), static_cast<long long>(tile.cols.end - 1)));
}

/// Strips whose last pixel is in row `last`: all seven when they are new, else moved down by one.
template <class Stage>
__device__ inline void stage_strips(Stage& stage, const GreyRows& left, const GreyRows& right, const DeviceTile& tile,
                                    std::int64_t row, std::int64_t col, int first_column, int last, bool fresh) {
  const int thread = static_cast<int>(threadIdx.y * kSsimThreads + threadIdx.x);
  for (int at = thread; at < Stage::kImages * Stage::kColumns; at += kSsimThreads * kSsimThreads) {
    const int image = at / Stage::kColumns;
    const int column = at % Stage::kColumns;
    if (first_column + column >= left.width) {
      stage.strips[image][column] = 0;
      continue;
    }
    const std::uint8_t* const pixels = staged_image<Stage>(left, right, tile, row, col, image) + first_column + column;
    std::uint64_t strip = fresh ? 0 : stage.strips[image][column];
    for (int line = fresh ? last - kSsimSide + 1 : last; line <= last; ++line) {
      strip = strip >> 8 | static_cast<std::uint64_t>(pixels[static_cast<std::int64_t>(line) * left.width])
                               << 8 * (kSsimSide - 1);
    }
    stage.strips[image][column] = strip;
  }
}

template <class Stage>
__device__ inline void stage_statistics(Stage& stage, int windows) {
  const int thread = static_cast<int>(threadIdx.y * kSsimThreads + threadIdx.x);
  for (int at = thread; at < Stage::kImages * windows; at += kSsimThreads * kSsimThreads) {
    const int image = at / windows;
    const int window = at % windows;
    unsigned sum = 0;
    unsigned squares = 0;
    for (int column = window; column < window + kSsimSide; ++column) {
      const std::uint64_t strip = stage.strips[image][column];
      sum = strip_product(strip, 0x0101010101010101, sum);
      squares = strip_product(strip, strip, squares);
    }
    const auto total = static_cast<std::int32_t>(sum);
    stage.sums[image][window] = total;
    stage.variances[image][window] = static_cast<float>(49 * static_cast<std::int32_t>(squares) - total * total);
  }
}

/// Half the similarity of a window, of 98 Sxy + kSsimC2Screen and both images' sums and variances.
__device__ inline float half_ssim(std::int32_t products, std::int32_t sum_x, std::int32_t sum_y, float variance_x,
                                  float variance_y) {
  const auto x = static_cast<float>(sum_x);
  const auto y = static_cast<float>(sum_y);
  const auto structure = static_cast<float>(products - 2 * sum_x * sum_y);
  const float luminance = __fmaf_rn(x, y, static_cast<float>(kSsimC1 / 2));
  const float luminance_norm = __fmaf_rn(y, y, __fmaf_rn(x, x, static_cast<float>(kSsimC1)));
  const float structure_norm = (variance_x + static_cast<float>(kSsimC2)) + variance_y;
  return quotient(luminance * structure, luminance_norm * structure_norm);
}

/// The sums of half similarities of this thread's 2 x 2 pairs over one row of at most kSsimChunk windows.
__device__ inline void add_row(const SsimDenseStage& stage, int windows, float (&sums)[2][2]) {
  const int left[2] = {static_cast<int>(threadIdx.y), static_cast<int>(threadIdx.y) + kSsimThreads};
  const int right[2] = {kSsimEdge + static_cast<int>(threadIdx.x),
                        kSsimEdge + static_cast<int>(threadIdx.x) + kSsimThreads};
  unsigned ring[2][2][kSsimSide] = {};
  unsigned box[2][2] = {};
  for (int base = 0; base < windows + kSsimSide - 1; base += kSsimSide) {
#pragma unroll
    for (int step = 0; step < kSsimSide; ++step) {
      const int column = base + step;
      const int window = column - (kSsimSide - 1);
      for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 2; ++j) {
          const unsigned entering = strip_product(stage.strips[left[i]][column], stage.strips[right[j]][column], 0);
          box[i][j] += entering - ring[i][j][step];
          ring[i][j][step] = entering;
        }
      }
      if (window < 0 || window >= windows) continue;
      for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 2; ++j) {
          sums[i][j] += half_ssim(static_cast<std::int32_t>(98 * box[i][j]) + kSsimC2Screen,
                                  stage.sums[left[i]][window], stage.sums[right[j]][window],
                                  stage.variances[left[i]][window], stage.variances[right[j]][window]);
        }
      }
    }
  }
}

template <class Sink>
__global__ void __launch_bounds__(kSsimThreads* kSsimThreads, kSsimBlocks)
    ssim_tile(DeviceTile tile, GreyRows left, GreyRows right, Cores cores, Sink sink,
              const unsigned long long* candidates, unsigned long long most) {
  // Few candidates are evaluated one by one (ssim_candidates.cuh).
  if (candidates != nullptr && *candidates <= most) return;
  __shared__ SsimDenseStage stage;
  const std::int64_t row = tile.rows.begin + static_cast<std::int64_t>(blockIdx.y) * kSsimEdge;
  const std::int64_t col = tile.cols.begin + static_cast<std::int64_t>(blockIdx.x) * kSsimEdge;
  if (tile.upper && col + kSsimEdge <= row) return;
  const int rows = left.height - kSsimSide + 1;
  const int columns = left.width - kSsimSide + 1;
  double totals[2][2] = {};
  for (int first = 0; first < columns; first += kSsimChunk) {
    const int windows = min(kSsimChunk, columns - first);
    for (int line = 0; line < rows; ++line) {
      __syncthreads();
      stage_strips(stage, left, right, tile, row, col, first, line + kSsimSide - 1, line == 0);
      __syncthreads();
      stage_statistics(stage, windows);
      __syncthreads();
      float sums[2][2] = {};
      add_row(stage, windows, sums);
      for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 2; ++j) totals[i][j] += 2 * static_cast<double>(sums[i][j]);
      }
    }
  }
  const double count = static_cast<double>(rows) * static_cast<double>(columns);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      const std::int64_t left_item = row + threadIdx.y + i * kSsimThreads;
      const std::int64_t right_item = col + threadIdx.x + j * kSsimThreads;
      if (!tile.has(left_item, right_item)) continue;
      const double mean = totals[i][j] / count;
      sink.see(left_item, right_item, cores.bound(left_item, right_item, mean - kSsimBand),
               cores.bound(left_item, right_item, mean + kSsimBand));
    }
  }
}

}  // namespace simile::cuda
