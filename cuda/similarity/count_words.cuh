// SPDX-License-Identifier: Apache-2.0
#pragma once

// Items of 32-bit words whose distance is a sum over the words: Hamming distance and unequal minima. A metric's
// Distance has a sum's term, a similarity by items and distance, and `reach`: a pair beyond it does not matter.

#include <cstdint>

#include "cuda/similarity/residence.hpp"
#include "cuda/similarity/screen.hpp"

namespace simile::cuda {

/// Items of one block on the device.
struct WordRows {
  const std::uint32_t* words;  ///< [items, count]
  std::int64_t begin;
  std::int64_t count;

  __device__ const std::uint32_t* row(std::int64_t item) const { return words + (item - begin) * count; }
};

inline constexpr int kCountEdge = 64;     // pairs of a thread block, a side
inline constexpr int kCountThreads = 16;  // threads, a side: each has 4 x 4 pairs
inline constexpr int kCountEach = kCountEdge / kCountThreads;
inline constexpr int kCountWords = 32;  // that are compared before pairs beyond the reach are left, at most
inline constexpr int kFirstWords = 4;   // that are compared before anything else: they decide most pairs

/// Words k .. k + words - 1 of a block's 64 items, from `first` on; items outside count as 0.
__device__ inline void stage_words(const WordRows& items, std::int64_t first, std::int64_t end, std::int64_t k,
                                   int words, std::uint32_t (&out)[kCountEdge][kCountWords + 1]) {
  const int thread = static_cast<int>(threadIdx.y * kCountThreads + threadIdx.x);
  for (int at = thread; at < kCountEdge * kCountWords; at += kCountThreads * kCountThreads) {
    const int item = at / kCountWords;
    const int word = at % kCountWords;
    if (word < words) out[item][word] = first + item < end ? items.row(first + item)[k + word] : 0;
  }
}

/// Shows the pairs within the reach to the sink; leaves off where none of the block's is.
template <class Distance, class Sink>
__global__ void count_tile(DeviceTile tile, WordRows left, WordRows right, Distance distance, Cores cores, Sink given) {
  __shared__ std::uint32_t rows[kCountEdge][kCountWords + 1];  // one more: no bank is met twice
  __shared__ std::uint32_t cols[kCountEdge][kCountWords + 1];
  const std::int64_t row = tile.rows.begin + static_cast<std::int64_t>(blockIdx.y) * kCountEdge;
  const std::int64_t col = tile.cols.begin + static_cast<std::int64_t>(blockIdx.x) * kCountEdge;
  if (tile.upper && col + kCountEdge <= row) return;
  std::int32_t sums[kCountEach][kCountEach] = {};
  for (std::int64_t k = 0; k < left.count;) {
    const std::int64_t most = k == 0 ? kFirstWords : kCountWords;
    const int words = static_cast<int>(left.count - k < most ? left.count - k : most);
    __syncthreads();
    stage_words(left, row, tile.rows.end, k, words, rows);
    stage_words(right, col, tile.cols.end, k, words, cols);
    __syncthreads();
    k += words;
    std::int32_t least = INT32_MAX;
#pragma unroll 4
    for (int word = 0; word < words; ++word) {
      for (int i = 0; i < kCountEach; ++i) {
        const std::uint32_t a = rows[threadIdx.y + i * kCountThreads][word];
        for (int j = 0; j < kCountEach; ++j) {
          sums[i][j] += Distance::term(a, cols[threadIdx.x + j * kCountThreads][word]);
        }
      }
    }
    for (const auto& line : sums) {
      for (const std::int32_t sum : line) least = sum < least ? sum : least;
    }
    if (__syncthreads_or(least <= distance.reach ? 1 : 0) == 0) return;
  }
  const auto sink = begin_block(given);
  for (int i = 0; i < kCountEach; ++i) {
    for (int j = 0; j < kCountEach; ++j) {
      const std::int64_t left_item = row + threadIdx.y + i * kCountThreads;
      const std::int64_t right_item = col + threadIdx.x + j * kCountThreads;
      if (sums[i][j] > distance.reach || !tile.has(left_item, right_item)) continue;
      const double similarity =
          cores.bound(left_item, right_item, distance.similarity(left_item, right_item, sums[i][j]));
      sink.see(left_item, right_item, similarity, similarity);
    }
  }
  finish_block(sink);
}

/// The definition, by a team.
template <class Distance>
struct TeamCount {
  WordRows left;
  WordRows right;
  Distance distance;

  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    const std::uint32_t* const x = left.row(pair.left);
    const std::uint32_t* const y = right.row(pair.right);
    std::int64_t sum = 0;
    for (std::int64_t k = team.lane; k < left.count; k += kTeam) sum += Distance::term(x[k], y[k]);
    return distance.similarity(pair.left, pair.right, team.sum(sum));
  }
};

template <class Distance>
void count(const Gpu& gpu, const Tile& tile, const WordRows& left, const WordRows& right, const Distance& distance,
           const Cores& cores, const DeviceSink& sink) {
  const dim3 grid = grid_of(blocks_for(tile.cols.size(), kCountEdge), blocks_for(tile.rows.size(), kCountEdge));
  std::visit(
      [&](const auto& any) {
        launch(gpu.stream(), grid, dim3(kCountThreads, kCountThreads),
               count_tile<Distance, std::decay_t<decltype(any)>>, DeviceTile(tile), left, right, distance, cores, any);
      },
      sink);
}

}  // namespace simile::cuda
