// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kernels that make the list of tiles of a wave (FusedComponents).

#include <cstdint>

#include "cuda/similarity/fused/tile_list.cuh"
#include "cuda/similarity/parents.cuh"
#include "cuda/similarity/score.cuh"

namespace simile::cuda {

/// The largest error of each block of rows; `most` is zeros at first.
[[maybe_unused]] static __global__ void find_most_errors(const float* errors, std::int64_t count, float* most) {
  const std::int64_t row = blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x;
  // Numbers above 0 are in the order of their bits.
  if (row < count) atomicMax(reinterpret_cast<int*>(most + row / kMacroEdge), __float_as_int(errors[row]));
}

/// A block for each block of rows: the root that all of them have, else -1.
[[maybe_unused]] static __global__ void find_roots(Parents parents, std::int64_t count, std::int32_t* roots) {
  const auto first = static_cast<std::int32_t>(blockIdx.x * kMacroEdge);
  const std::int32_t root = parents.find(first);
  const auto row = first + static_cast<std::int32_t>(threadIdx.x);
  const bool same = row >= count || parents.find(row) == root;
  const bool all = __syncthreads_and(same ? 1 : 0) != 0;
  if (threadIdx.x == 0) roots[blockIdx.x] = all ? root : -1;
}

/// Appends the tiles of a block's threads that are to be kept, in their order; blocks begin in theirs, nearly: tiles
/// that share rows or columns stay close. All threads of the block call it together.
__device__ inline void append_tile(bool keep, const MacroTile& tile, MacroTile* tiles, unsigned* num_tiles) {
  __shared__ unsigned before[kThreads / 32];  // tiles of the warps before, then where each warp's begin
  const unsigned warp = threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  const unsigned kept = __ballot_sync(0xffffffffU, keep ? 1 : 0);
  if (lane == 0) before[warp] = static_cast<unsigned>(__popc(kept));
  __syncthreads();
  if (threadIdx.x == 0) {
    unsigned sum = 0;
    for (unsigned& each : before) {
      const unsigned own = each;
      each = sum;
      sum += own;
    }
    const unsigned begin = atomicAdd(num_tiles, sum);
    for (unsigned& each : before) each += begin;
  }
  __syncthreads();
  if (keep) tiles[before[warp] + static_cast<unsigned>(__popc(kept & ((1U << lane) - 1)))] = tile;
}

/// Tiles of the order, or given ones.
struct TileSource {
  TileOrder order;
  std::int64_t begin;
  const MacroTile* given;  ///< or null
  std::int64_t count;

  __device__ MacroTile at(std::int64_t k) const { return given != nullptr ? given[k] : order.at(begin + k); }
};

/// Lists the tiles that can change something.
[[maybe_unused]] static __global__ void list_unsettled(TileSource source, const std::int32_t* roots,
                                                       std::int64_t num_rows, MacroTile* tiles, unsigned* num_tiles,
                                                       unsigned long long* pairs_skipped) {
  const std::int64_t k = blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x;
  MacroTile tile{};
  bool keep = false;
  if (k < source.count) {
    tile = source.at(k);
    keep = roots[tile.row] < 0 || roots[tile.row] != roots[tile.col];
    if (!keep && source.given == nullptr) {
      atomicAdd(pairs_skipped, static_cast<unsigned long long>(pairs_in(tile, source.order, num_rows, num_rows)));
    }
  }
  append_tile(keep, tile, tiles, num_tiles);
}

/// Lists the tiles that a pass has marked.
[[maybe_unused]] static __global__ void list_marked(const MacroTile* from, const unsigned* count, const unsigned* marks,
                                                    MacroTile* tiles, unsigned* num_tiles) {
  const unsigned k = blockIdx.x * static_cast<unsigned>(kThreads) + threadIdx.x;
  MacroTile tile{};
  bool keep = false;
  if (k < *count) {
    tile = from[k];
    keep = (marks[k / 32] >> (k % 32) & 1U) != 0;
  }
  append_tile(keep, tile, tiles, num_tiles);
}

/// Notes how many pairs there were, and leaves the count at those that the list has.
[[maybe_unused]] static __global__ void close_list(unsigned long long* count, unsigned long long capacity,
                                                   unsigned long long* listed) {
  *listed = *count;
  if (*count > capacity) *count = capacity;
}

}  // namespace simile::cuda
