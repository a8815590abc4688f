// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernels that every metric shares: one shows a tile's intervals to a sink, one evaluates the definition of what
// the sink left open. A pair (metric, sink) is an instance of each.

#include <cstdint>
#include <type_traits>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/device_sinks.cuh"

#include "simile/similarity/tile.hpp"

namespace simile::cuda {

/// A certified interval around a similarity; low == high when that is known.
struct Interval {
  double low;
  double high;
};

/// Core similarities of both sides, or null: bounds of every pair (MutualReachability).
struct Cores {
  const double* left;
  const double* right;

  __device__ double bound(std::int64_t row, std::int64_t col, double similarity) const {
    if (left == nullptr) return similarity;
    return fmin(similarity, fmin(left[row], right[col]));
  }
};

/// A block of pairs as kernels take it.
struct DeviceTile {
  explicit DeviceTile(const Tile& tile) : rows(tile.rows), cols(tile.cols), upper(tile.upper) {}

  __device__ bool has(std::int64_t row, std::int64_t col) const {
    return row < rows.end && col < cols.end && (!upper || col > row);
  }

  Range rows;
  Range cols;
  bool upper;
};

/// Threads that evaluate one pair together: one for each partial sum of the definitions (kPartialSums).
inline constexpr int kTeam = 16;

/// This thread's place in its team, half a warp.
struct Team {
  int lane;
  unsigned mask;

  static __device__ Team here() {
    const int in_warp = static_cast<int>(threadIdx.x) % 32;
    return {in_warp % kTeam, 0xffffU << (in_warp / kTeam * kTeam)};
  }
  __device__ bool all(bool condition) const { return __ballot_sync(mask, condition) == mask; }
  /// The first thread's value, for all.
  __device__ bool agree(bool first) const { return __shfl_sync(mask, first ? 1 : 0, 0, kTeam) != 0; }
  /// The sum of all partial sums, along the tree of sum_tree(); the first thread's.
  __device__ double sum(double partial) const {
    partial += __shfl_down_sync(mask, partial, 8, kTeam);
    partial += __shfl_down_sync(mask, partial, 4, kTeam);
    partial += __shfl_down_sync(mask, partial, 2, kTeam);
    return partial + __shfl_down_sync(mask, partial, 1, kTeam);
  }
  __device__ std::int64_t sum(std::int64_t part) const {
    for (int step = kTeam / 2; step > 0; step /= 2) {
      part += static_cast<std::int64_t>(__shfl_down_sync(mask, static_cast<long long>(part), step, kTeam));
    }
    return part;
  }
};

inline constexpr int kThreads = 256;

/// Shows every pair's interval, scores(row, column), to the sink.
template <class Scores, class Sink>
__global__ void show_tile(DeviceTile tile, Scores scores, Cores cores, Sink given) {
  const auto sink = begin_block(given);
  for (std::int64_t col = tile.cols.begin + blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x;
       col < tile.cols.end; col += gridDim.x * static_cast<std::int64_t>(kThreads)) {
    for (std::int64_t row = tile.rows.begin + blockIdx.y; row < tile.rows.end; row += gridDim.y) {
      if (!tile.has(row, col)) continue;
      const Interval interval = scores(row, col);
      sink.see(row, col, cores.bound(row, col, interval.low), cores.bound(row, col, interval.high));
    }
  }
  finish_block(sink);
}

/// Rows of a tile that teams work on at the same time when they take it column by column. As many columns are then
/// under way: what teams share, in the cache and in the sink, they share with few.
inline constexpr std::int64_t kRowsAtOnce = 128;

/// Shows every pair's exact similarity to the sink: exact(pair, team) is the first thread's.
template <class ExactScore, class Sink>
__global__ void show_tile_exactly(DeviceTile tile, ExactScore exact, Cores cores, Sink given) {
  const auto sink = begin_block(given);
  const Team team = Team::here();
  const std::int64_t rows = tile.rows.end - tile.rows.begin;
  const std::int64_t at_once = rows < kRowsAtOnce ? rows : kRowsAtOnce;
  const std::int64_t stripe = at_once * (tile.cols.end - tile.cols.begin);
  const std::int64_t count = (rows + at_once - 1) / at_once * stripe;
  const std::int64_t teams = static_cast<std::int64_t>(gridDim.x) * (kThreads / kTeam);
  for (std::int64_t k = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam; k < count;
       k += teams) {
    const std::int64_t row = tile.rows.begin + k / stripe * at_once + k % at_once;
    const std::int64_t col = tile.cols.begin + k % stripe / at_once;
    if (!tile.has(row, col)) continue;
    const double similarity = cores.bound(row, col, exact(ScoredPair{row, col, 0, 0}, team));
    if (team.lane == 0) sink.see(row, col, similarity, similarity);
  }
  finish_block(sink);
}

/// Evaluates the listed pairs of which the sink wants to know more: exact(pair, team) is the first thread's.
template <class ExactScore, class Sink>
__global__ void decide_list(ExactScore exact, Cores cores, Sink given) {
  const auto sink = begin_block(given);
  const Team team = Team::here();
  const std::int64_t count = static_cast<std::int64_t>(*sink.list.count);
  const std::int64_t teams = static_cast<std::int64_t>(gridDim.x) * (kThreads / kTeam);
  for (std::int64_t k = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam; k < count;
       k += teams) {
    ScoredPair& pair = sink.list.pairs[k];
    if (!team.agree(team.lane == 0 && sink.wants(pair))) continue;
    const double similarity = exact(pair, team);
    if (team.lane == 0) sink.decide(pair, cores.bound(pair.left, pair.right, similarity));
  }
  finish_block(sink);
}

/// A block sees 256 pairs, or where its work begins and ends with more, as many as keep the device just busy.
template <class Sink>
dim3 tile_grid(const Gpu& gpu, const Tile& tile) {
  const std::int64_t across = blocks_for(tile.cols.size(), kThreads);
  if (!kCollectsByBlock<Sink>) return grid_of(across, std::min(tile.rows.size(), kMaxBlocksAcross));
  const std::int64_t x = std::min(across, gpu.busy_blocks());
  return grid_of(x, std::clamp<std::int64_t>(gpu.busy_blocks() / x, 1, tile.rows.size()));
}

template <class Scores>
void show(const Gpu& gpu, const Tile& tile, const Scores& scores, const Cores& cores, const DeviceSink& sink) {
  std::visit(
      [&](const auto& any) {
        using Sink = std::decay_t<decltype(any)>;
        if constexpr (std::is_same_v<Sink, DeviceTopK>) {
          if (any.survey) {
            launch(gpu.stream(), tile_grid<TopKSurvey>(gpu, tile), dim3(kThreads), show_tile<Scores, TopKSurvey>,
                   DeviceTile(tile), scores, cores, TopKSurvey{any});
            raise_floors(gpu, any.rows, any.ranges);
          }
        }
        launch(gpu.stream(), tile_grid<Sink>(gpu, tile), dim3(kThreads), show_tile<Scores, Sink>, DeviceTile(tile),
               scores, cores, any);
      },
      sink);
}

/// Of at most `most` listed pairs.
template <class ExactScore>
void decide(const Gpu& gpu, std::int64_t most, const ExactScore& exact, const Cores& cores, const DeviceSink& sink) {
  std::visit(
      [&](const auto& any) {
        // What of the list has been beaten by the rest of it is not evaluated.
        if constexpr (std::is_same_v<std::decay_t<decltype(any)>, DeviceTopK>) raise_floors(gpu, any.rows, any.ranges);
        launch(gpu.stream(), striding_grid(gpu, most, kThreads / kTeam), dim3(kThreads),
               decide_list<ExactScore, std::decay_t<decltype(any)>>, exact, cores, any);
      },
      sink);
}

/// Every pair of a block by the definition.
template <class ExactScore>
void show_exactly(const Gpu& gpu, const Tile& tile, const ExactScore& exact, const Cores& cores,
                  const DeviceSink& sink) {
  std::visit(
      [&](const auto& any) {
        launch(gpu.stream(), striding_grid(gpu, tile.rows.size() * tile.cols.size(), kThreads / kTeam), dim3(kThreads),
               show_tile_exactly<ExactScore, std::decay_t<decltype(any)>>, DeviceTile(tile), exact, cores, any);
      },
      sink);
}

}  // namespace simile::cuda
