// SPDX-License-Identifier: Apache-2.0
#pragma once

// SSIM bounded from above by pools of windows (arithmetic/ssim.hpp; docs/algorithms.md, "SSIM pools").

#include <cstdint>

#include "cuda/similarity/score.cuh"
#include "cuda/similarity/ssim/grey_rows.cuh"
#include "similarity/arithmetic/ssim.hpp"

namespace simile::cuda {

/// Pools of an image as SsimPools has them, on the device.
struct PoolGrid {
  const std::int32_t* row_ends;
  const std::int32_t* column_ends;
  const std::int32_t* order;  ///< the pool at each place
  int columns;                ///< of pools
  int count;
  int groups;

  __host__ __device__ int rows() const { return count / columns; }
  __host__ __device__ std::int64_t stride() const {
    return static_cast<std::int64_t>(groups) * kSsimPoolSums * kSsimPoolGroup;
  }
};

/// Pools of one block's images: [image][group][sum][place of the group].
struct PoolRows {
  const float* sums;
  std::int64_t begin;
  int groups;

  __device__ const float* of(std::int64_t item) const {
    return sums + (item - begin) * groups * (kSsimPoolSums * kSsimPoolGroup);
  }
};

/// Two items of a tile.
struct Candidate {
  std::int32_t row;
  std::int32_t col;
};

/// Candidates that kernels append; there is room for every pair of a tile.
struct CandidateList {
  Candidate* pairs;
  unsigned long long* count;
};

/// What a window adds to its pool.
__device__ inline void add_window(const std::uint8_t* pixels, int width, double (&sums)[kSsimPoolSums]) {
  std::int32_t sum = 0;
  std::int32_t squares = 0;
  std::int32_t across = 0;
  std::int32_t down = 0;
  for (int row = 0; row < 7; ++row) {
    for (int column = 0; column < 7; ++column) {
      const std::int32_t value = pixels[static_cast<std::int64_t>(row) * width + column];
      sum += value;
      squares += value * value;
      across += (column - 3) * value;
      down += (row - 3) * value;
    }
  }
  const double variance = 49 * squares - sum * sum;
  const double a = kSsimGradientScale * across;
  const double b = kSsimGradientScale * down;
  sums[0] += sum;
  sums[1] += static_cast<double>(sum) * sum;
  sums[2] += sqrt(variance);
  sums[3] += variance;
  sums[4] += a;
  sums[5] += b;
  sums[6] += sqrt(variance - a * a - b * b);  // exact: multiples of 1/4 below 2^53
}

/// One image a thread block, one pool a thread.
[[maybe_unused]] static __global__ void sum_pools(GreyRows images, PoolGrid grid, float* out) {
  const std::uint8_t* const pixels = images.image(images.begin + blockIdx.x);
  float* const stored = out + blockIdx.x * grid.stride();
  for (int place = static_cast<int>(threadIdx.x); place < grid.groups * kSsimPoolGroup;
       place += static_cast<int>(blockDim.x)) {
    float* const to = stored + place / kSsimPoolGroup * (kSsimPoolSums * kSsimPoolGroup) + place % kSsimPoolGroup;
    double sums[kSsimPoolSums] = {};
    if (place < grid.count) {
      const int row = grid.order[place] / grid.columns;
      const int column = grid.order[place] % grid.columns;
      const int top = row == 0 ? 0 : grid.row_ends[row - 1];
      const int left = column == 0 ? 0 : grid.column_ends[column - 1];
      for (int y = top; y < grid.row_ends[row]; ++y) {
        for (int x = left; x < grid.column_ends[column]; ++x) {
          add_window(pixels + static_cast<std::int64_t>(y) * images.width + x, images.width, sums);
        }
      }
      const auto windows = static_cast<double>((grid.row_ends[row] - top) * (grid.column_ends[column] - left));
      sums[1] += windows * kSsimC1 / 2;
      sums[3] += windows * kSsimC2 / 2;
    } else {
      sums[1] = sums[3] = 1;  // no pool: a deficit of 0 / 1
    }
    for (int k = 0; k < kSsimPoolSums; ++k) to[k * kSsimPoolGroup] = static_cast<float>(sums[k]);
  }
}

inline void make_pools(const Gpu& gpu, const GreyRows& images, std::int64_t count, const PoolGrid& grid, float* out) {
  launch(gpu.stream(), grid_of(count), dim3(128), sum_pools, images, grid, out);
}

inline constexpr int kBoundThreads = 16;  // a side of the block: each thread has 2 x 2 pairs
inline constexpr int kBoundEdge = 2 * kBoundThreads;
inline constexpr int kGroupFloats = kSsimPoolSums * kSsimPoolGroup;

/// The deficit of one pool, from where both images have its sums.
__device__ inline float pool_deficit(const float* x, const float* y) {
  const auto difference = [x, y](int sum) { return x[sum * kSsimPoolGroup] - y[sum * kSsimPoolGroup]; };
  const auto total = [x, y](int sum) { return x[sum * kSsimPoolGroup] + y[sum * kSsimPoolGroup]; };
  const float mean = difference(0);
  const float mean_norm = total(1);
  const float deviation = difference(2);
  const float structure_norm = total(3);
  const float across = difference(4);
  const float down = difference(5);
  const float rest = difference(6);
  const float halves = __fmaf_rn(across, across, __fmaf_rn(down, down, rest * rest)) * 0.5F;
  const float structure = fmaxf(deviation * deviation, halves);
  return fmaxf(mean * mean * structure_norm, structure * mean_norm) / (mean_norm * structure_norm);
}

/// Appends the pairs whose deficits do not add up to more than `limit`. Leaves off where all of a block's do.
[[maybe_unused]] static __global__ void __launch_bounds__(kBoundThreads* kBoundThreads)
    bound_tile(DeviceTile tile, PoolRows left, PoolRows right, float limit, CandidateList candidates) {
  __shared__ float staged[2 * kBoundEdge][kGroupFloats + 1];  // one more: no bank is met twice
  const std::int64_t row = tile.rows.begin + static_cast<std::int64_t>(blockIdx.y) * kBoundEdge;
  const std::int64_t col = tile.cols.begin + static_cast<std::int64_t>(blockIdx.x) * kBoundEdge;
  if (tile.upper && col + kBoundEdge <= row) return;
  const int thread = static_cast<int>(threadIdx.y * kBoundThreads + threadIdx.x);
  float sums[2][2] = {};
  for (int group = 0; group < left.groups; ++group) {
    __syncthreads();
    for (int at = thread; at < 2 * kBoundEdge * kGroupFloats; at += kBoundThreads * kBoundThreads) {
      const int image = at / kGroupFloats;
      const bool is_left = image < kBoundEdge;
      const std::int64_t item = is_left ? row + image : col + image - kBoundEdge;
      const bool inside = item < (is_left ? tile.rows.end : tile.cols.end);
      const float* const from = (is_left ? left : right).of(inside ? item : (is_left ? row : col));
      staged[image][at % kGroupFloats] = from[group * kGroupFloats + at % kGroupFloats];
    }
    __syncthreads();
    bool open = false;
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j) {
        const float* const x = staged[threadIdx.y + i * kBoundThreads];
        const float* const y = staged[kBoundEdge + threadIdx.x + j * kBoundThreads];
        float of_group = 0;  // a sum of sums: fewer roundings for each
        for (int place = 0; place < kSsimPoolGroup; ++place) of_group += pool_deficit(x + place, y + place);
        sums[i][j] += of_group;
        open = open || !(sums[i][j] > limit);
      }
    }
    if (__syncthreads_or(open ? 1 : 0) == 0) return;
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      const std::int64_t left_item = row + threadIdx.y + i * kBoundThreads;
      const std::int64_t right_item = col + threadIdx.x + j * kBoundThreads;
      if (!tile.has(left_item, right_item) || sums[i][j] > limit) continue;
      candidates.pairs[atomicAdd(candidates.count, 1ULL)] = {static_cast<std::int32_t>(left_item),
                                                             static_cast<std::int32_t>(right_item)};
    }
  }
}

}  // namespace simile::cuda
