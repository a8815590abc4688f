// SPDX-License-Identifier: Apache-2.0
#pragma once

// Hamming distances of a tile by tensor cores: |x ^ y| = |x| + |y| - 2 x.y, with the dot products of bits as products
// of bytes. A word of 32 bits is eight fragments of four bytes that hold one bit each, for an AND apiece: where a bit
// of the left code stands for 2^p in its byte, that of the right code, whose bytes are reversed, stands for 2^(7 - p),
// so that a bit that both have adds 128 wherever it is. Sums are exact, decisions those of count_tile(). Asked for by
// SIMILE_GPU_HAMMING=tensor only: it has never run on a GPU.

#include <climits>
#include <cstdint>

#include "cuda/core/byte_products.cuh"
#include "cuda/similarity/count_words.cuh"

namespace simile::cuda {

inline constexpr int kBitEdge = 128;     // pairs of a thread block, a side
inline constexpr int kBitThreads = 256;  // 2 x 4 warps of 64 x 32 pairs
inline constexpr int kBitRowTiles = 4;   // of a warp, 16 rows each
inline constexpr int kBitColumnTiles = 4;
inline constexpr int kBitWords = 32;  // of a code that are staged at a time, at most
inline constexpr int kBitStep = 4;    // words that are multiplied at a time, one by each thread of four
/// What a bit that both codes have takes off the distance, 2, is 128 in the sums: distances are counted in 64ths.
inline constexpr std::int32_t kBitUnit = 64;
/// Of longer codes sums could reach 2^31.
inline constexpr std::int64_t kMostBitsTensor = 1 << 23;

/// Words of the block's codes: its rows, then its columns, in whose bytes the first bit is the last.
struct BitStage {
  /// Four more: the 8 x 4 words that a warp reads at once lie in 32 banks.
  alignas(16) std::uint32_t words[2 * kBitEdge][kBitWords + 4];
  std::int32_t counts[2 * kBitEdge];  ///< of set bits so far, in units
};

/// Words k .. k + 2^log_words - 1 of 128 items, from `first` on; what lies outside counts as 0.
__device__ inline void stage_bits(const WordRows& items, std::int64_t first, std::int64_t end, std::int64_t k,
                                  int log_words, bool reversed, std::uint32_t (*out)[kBitWords + 4]) {
  for (int at = static_cast<int>(threadIdx.x); at < kBitEdge << log_words; at += kBitThreads) {
    const int item = at >> log_words;
    const int word = at - (item << log_words);
    std::uint32_t bits = first + item < end && k + word < items.count ? items.row(first + item)[k + word] : 0;
    if (reversed) bits = __byte_perm(__brev(bits), 0, 0x0123);
    out[item][word] = bits;
  }
}

/// Adds a row's bits: each thread has one of the stage.
__device__ inline void count_bits(BitStage& stage, int words) {
  const auto* const row = reinterpret_cast<const uint4*>(stage.words[threadIdx.x]);
  int bits = 0;
  for (int k = 0; k < words / 4; ++k) bits += __popc(row[k].x) + __popc(row[k].y) + __popc(row[k].z) + __popc(row[k].w);
  stage.counts[threadIdx.x] += kBitUnit * bits;
}

/// A warp's 64 x 32 pairs; a thread has 64 of them, as multiply_unsigned_bytes() leaves them.
struct BitWarp {
  static constexpr int kPairs = 4 * kBitRowTiles * kBitColumnTiles;

  int row;     ///< the thread's first, of the stage's
  int column;  ///< of column tile 0: the one that the thread holds words of, of the stage's
  int q;

  static __device__ BitWarp here() {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    return {warp / 4 * 16 * kBitRowTiles + lane / 4, kBitEdge + warp % 4 * 8 * kBitColumnTiles + lane / 4, lane % 4};
  }
  /// Of pair `place` of a tile.
  __device__ int row_of(int tile, int place) const { return row + 16 * tile + place / 2 * 8; }
  __device__ int column_of(int tile, int place) const { return column / 8 * 8 + 8 * tile + 2 * q + place % 2; }

  /// Adds the products of words k .. k + 3.
  __device__ void multiply(const BitStage& stage, int k, std::int32_t (&sums)[kBitRowTiles][kBitColumnTiles][4]) const {
    std::uint32_t x[kBitRowTiles][2];
    std::uint32_t y[kBitColumnTiles];
#pragma unroll
    for (int i = 0; i < kBitRowTiles; ++i) {
      x[i][0] = stage.words[row + 16 * i][k + q];
      x[i][1] = stage.words[row + 16 * i + 8][k + q];
    }
#pragma unroll
    for (int j = 0; j < kBitColumnTiles; ++j) y[j] = stage.words[column + 8 * j][k + q];
#pragma unroll
    for (int bit = 0; bit < 8; bit += 2) {
      const std::uint32_t low[2] = {0x01010101U << bit, 0x02020202U << bit};
      const std::uint32_t high[2] = {0x80808080U >> bit, 0x40404040U >> bit};
      std::uint32_t b[kBitColumnTiles][2];
#pragma unroll
      for (int j = 0; j < kBitColumnTiles; ++j) {
        b[j][0] = y[j] & high[0];
        b[j][1] = y[j] & high[1];
      }
#pragma unroll
      for (int i = 0; i < kBitRowTiles; ++i) {
        const std::uint32_t a[4] = {x[i][0] & low[0], x[i][1] & low[0], x[i][0] & low[1], x[i][1] & low[1]};
#pragma unroll
        for (int j = 0; j < kBitColumnTiles; ++j) multiply_unsigned_bytes(sums[i][j], a, b[j]);
      }
    }
  }

  /// Gives take(pair, distance), for each of the thread's pairs, what the words so far differ by, in units; returns the
  /// least.
  template <class Take>
  __device__ std::int32_t distances(const BitStage& stage, const std::int32_t (&sums)[kBitRowTiles][kBitColumnTiles][4],
                                    Take&& take) const {
    std::int32_t least = INT_MAX;
    std::int32_t of_columns[kBitColumnTiles][2];
#pragma unroll
    for (int j = 0; j < kBitColumnTiles; ++j) {
      for (int k = 0; k < 2; ++k) of_columns[j][k] = stage.counts[column_of(j, k)];
    }
#pragma unroll
    for (int i = 0; i < kBitRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const std::int32_t of_row = stage.counts[row_of(i, 2 * half)];
#pragma unroll
        for (int j = 0; j < kBitColumnTiles; ++j) {
#pragma unroll
          for (int k = 0; k < 2; ++k) {
            const int place = 2 * half + k;
            const std::int32_t distance = of_row + of_columns[j][k] - sums[i][j][place];
            least = min(least, distance);
            take((i * kBitColumnTiles + j) * 4 + place, distance);
          }
        }
      }
    }
    return least;
  }
};

/// Words of a stage from word k on, as a power of two: no more than there are, but for a step; where pairs may be
/// rejected, the first step is looked at alone.
__device__ inline int log_words_at(std::int64_t k, std::int64_t count, bool rejects) {
  int log_words = rejects && k == 0 ? 2 : 5;
  while (1 << log_words > kBitStep && count - k <= 1 << (log_words - 1)) --log_words;
  return log_words;
}

/// Shows the pairs within the reach to the sink; leaves off where none of the block's is, if pairs are rejected.
template <class Distance, class Sink>
__global__ void __launch_bounds__(kBitThreads, 2)
    multiply_bits_tile(DeviceTile tile, WordRows left, WordRows right, Distance distance, bool rejects, Cores cores,
                       Sink sink) {
  __shared__ BitStage stage;
  const std::int64_t row = tile.rows.begin + static_cast<std::int64_t>(blockIdx.y) * kBitEdge;
  const std::int64_t col = tile.cols.begin + static_cast<std::int64_t>(blockIdx.x) * kBitEdge;
  if (tile.upper && col + kBitEdge <= row) return;
  const BitWarp warp = BitWarp::here();
  const std::int32_t reach = kBitUnit * distance.reach;
  std::int32_t sums[kBitRowTiles][kBitColumnTiles][4] = {};
  stage.counts[threadIdx.x] = 0;
  for (std::int64_t k = 0; k < left.count;) {
    const int log_words = log_words_at(k, left.count, rejects);
    const int words = 1 << log_words;
    __syncthreads();
    stage_bits(left, row, tile.rows.end, k, log_words, false, stage.words);
    stage_bits(right, col, tile.cols.end, k, log_words, true, stage.words + kBitEdge);
    __syncthreads();
    count_bits(stage, words);
    for (int at = 0; at < words && k + at < left.count; at += kBitStep) warp.multiply(stage, at, sums);
    k += words;
    __syncthreads();
    if (!rejects && k < left.count) continue;
    const std::int32_t least = warp.distances(stage, sums, [](int, std::int32_t) {});
    if (__syncthreads_or(least <= reach ? 1 : 0) == 0) return;
  }
  // An array of their own, in memory: what becomes of a pair is code for one, not for each.
  std::int32_t distances[BitWarp::kPairs];
  warp.distances(stage, sums, [&](int pair, std::int32_t value) { distances[pair] = value; });
#pragma unroll 1
  for (int pair = 0; pair < BitWarp::kPairs; ++pair) {
    if (distances[pair] > reach) continue;
    const std::int64_t left_item = row + warp.row_of(pair / (4 * kBitColumnTiles), pair % 4);
    const std::int64_t right_item = col + warp.column_of(pair / 4 % kBitColumnTiles, pair % 4) - kBitEdge;
    if (!tile.has(left_item, right_item)) continue;
    const double similarity =
        cores.bound(left_item, right_item, distance.similarity(left_item, right_item, distances[pair] / kBitUnit));
    sink.see(left_item, right_item, similarity, similarity);
  }
}

/// `rejects`: whether the reach leaves any pair out.
template <class Distance>
void multiply_bits(const Gpu& gpu, const Tile& tile, const WordRows& left, const WordRows& right,
                   const Distance& distance, bool rejects, const Cores& cores, const DeviceSink& sink) {
  const dim3 grid = grid_of(blocks_for(tile.cols.size(), kBitEdge), blocks_for(tile.rows.size(), kBitEdge));
  std::visit(
      [&](const auto& any) {
        launch(gpu.stream(), grid, dim3(kBitThreads), multiply_bits_tile<Distance, std::decay_t<decltype(any)>>,
               DeviceTile(tile), left, right, distance, rejects, cores, any);
      },
      sink);
}

}  // namespace simile::cuda
