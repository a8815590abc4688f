// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every pair of a tile by SSIM, as ssim_dense.cuh, with the sums of products from tensor cores: for a fixed window the
// Sxy of 64 x 64 images are a product of matrices of bytes [image, pixel of the window]. The 49 pixels lie in 64 places
// of k: eight strips of eight, of which the last strip and the last place of each are zero. Sums are integers, so the
// band is that of the screen on other cores. Asked for by SIMILE_GPU_SSIM=tensor only: it has never run on a GPU.

#include <cstdint>

#include "cuda/core/byte_products.cuh"
#include "cuda/similarity/ssim/ssim_dense.cuh"

namespace simile::cuda {

inline constexpr int kTensorEdge = 64;
inline constexpr int kTensorChunk = 14;  // windows of a row that are taken at a time: what shared memory holds
inline constexpr int kTensorRun = 32;    // most windows that are added up in single precision
/// 20 strips an image: 16 threads (4 images x 4 strips) read 16 different pairs of banks.
using SsimTensorStage = SsimStage<kTensorEdge, kTensorChunk, 20>;
static_assert(kTensorChunk <= kTensorRun);

/// A warp's 16 x 32 pairs. Each thread has two rows and eight columns of it, as a product of bytes leaves them.
struct TensorWarp {
  static constexpr int kColumnTiles = 4;

  int row;     ///< of the block's 64: the thread's first; the other one is 8 below
  int column;  ///< the warp's first column
  int g;
  int q;

  static __device__ TensorWarp here() {
    const int thread = static_cast<int>(threadIdx.y * kSsimThreads + threadIdx.x);
    const int warp = thread / 32;
    const int lane = thread % 32;
    return {warp / 2 * 16 + lane / 4, warp % 2 * 32, lane / 4, lane % 4};
  }
  __device__ int row_of(int place) const { return row + place / 2 * 8; }
  __device__ int column_of(int tile, int place) const { return column + tile * 8 + 2 * q + place % 2; }

  /// products[tile][place] = Sxy of a window.
  __device__ void multiply(const SsimTensorStage& stage, int window, std::int32_t (&products)[kColumnTiles][4]) const {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      __syncwarp();  // of the choices below
      // Strip 4 half + q, both words of which are this thread's: the order of k is free.
      const int strip = 4 * half + q;
      const bool is_zero = strip == kSsimSide;
      const int at = is_zero ? 0 : window + strip;
      const std::uint64_t upper = is_zero ? 0 : stage.strips[row][at];
      const std::uint64_t lower = is_zero ? 0 : stage.strips[row + 8][at];
      const unsigned a[4] = {low_half(upper), low_half(lower), high_half(upper), high_half(lower)};
#pragma unroll
      for (int tile = 0; tile < kColumnTiles; ++tile) {
        // What meets the zeros of a may be anything.
        const std::uint64_t other = stage.strips[kTensorEdge + column + tile * 8 + g][at];
        const unsigned b[2] = {low_half(other), high_half(other)};
        multiply_unsigned_bytes(products[tile], a, b);
      }
    }
  }

  /// Adds half the similarities of a window.
  __device__ void add_window(const SsimTensorStage& stage, int window, float (&sums)[kColumnTiles][4]) const {
    std::int32_t products[kColumnTiles][4] = {};
    multiply(stage, window, products);
#pragma unroll
    for (int tile = 0; tile < kColumnTiles; ++tile) {
#pragma unroll
      for (int place = 0; place < 4; ++place) {
        const int left = row_of(place);
        const int right = kTensorEdge + column_of(tile, place);
        sums[tile][place] +=
            half_ssim(98 * products[tile][place] + kSsimC2Screen, stage.sums[left][window], stage.sums[right][window],
                      stage.variances[left][window], stage.variances[right][window]);
      }
    }
  }
};

template <class Sink>
__global__ void __launch_bounds__(kSsimThreads* kSsimThreads)
    ssim_tensor_tile(DeviceTile tile, GreyRows left, GreyRows right, Cores cores, Sink sink,
                     const unsigned long long* candidates, unsigned long long most) {
  if (candidates != nullptr && *candidates <= most) return;
  __shared__ SsimTensorStage stage;
  const std::int64_t row = tile.rows.begin + static_cast<std::int64_t>(blockIdx.y) * kTensorEdge;
  const std::int64_t col = tile.cols.begin + static_cast<std::int64_t>(blockIdx.x) * kTensorEdge;
  if (tile.upper && col + kTensorEdge <= row) return;
  const TensorWarp warp = TensorWarp::here();
  const int rows = left.height - kSsimSide + 1;
  const int columns = left.width - kSsimSide + 1;
  const int chunks = (columns + kTensorChunk - 1) / kTensorChunk;
  const int chunk = (columns + chunks - 1) / chunks;
  double totals[TensorWarp::kColumnTiles][4] = {};  // in local memory, where the loop at the end has them
  float sums[TensorWarp::kColumnTiles][4] = {};
  int run = 0;  // windows in sums
  const auto flush = [&] {
    for (int t = 0; t < TensorWarp::kColumnTiles; ++t) {
      for (int place = 0; place < 4; ++place) {
        totals[t][place] += 2 * static_cast<double>(sums[t][place]);
        sums[t][place] = 0;
      }
    }
    run = 0;
  };
  for (int first = 0; first < columns; first += chunk) {
    const int windows = min(chunk, columns - first);
    for (int line = 0; line < rows; ++line) {
      __syncthreads();
      stage_strips(stage, left, right, tile, row, col, first, line + kSsimSide - 1, line == 0);
      __syncthreads();
      stage_statistics(stage, windows);
      __syncthreads();
      if (run + windows > kTensorRun) flush();
      for (int window = 0; window < windows; ++window) warp.add_window(stage, window, sums);
      run += windows;
    }
  }
  flush();
  const double count = static_cast<double>(rows) * static_cast<double>(columns);
  for (int t = 0; t < TensorWarp::kColumnTiles; ++t) {
    for (int place = 0; place < 4; ++place) {
      const std::int64_t left_item = row + warp.row_of(place);
      const std::int64_t right_item = col + warp.column_of(t, place);
      if (!tile.has(left_item, right_item)) continue;
      const double mean = totals[t][place] / count;
      sink.see(left_item, right_item, cores.bound(left_item, right_item, mean - kSsimBand),
               cores.bound(left_item, right_item, mean + kSsimBand));
    }
  }
}

}  // namespace simile::cuda
