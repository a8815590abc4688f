// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/fused/fused_components.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace {

// Of rows of 512 values 3 ms of an H100's work, beside which the host's answer takes no time. The first waves are
// shorter: what they unite lets later ones skip tiles.
constexpr std::int64_t kLongestWave = 1 << 15;

/// `most` is zeros at first.
__global__ void find_most_errors(const float* errors, std::int64_t count, float* most) {
  const std::int64_t row = blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x;
  // Numbers above 0 are in the order of their bits.
  if (row < count) atomicMax(reinterpret_cast<int*>(most + row / kMacroEdge), __float_as_int(errors[row]));
}

/// A block for each block of rows.
__global__ void find_roots(Parents parents, std::int64_t count, std::int32_t* roots) {
  const auto first = static_cast<std::int32_t>(blockIdx.x * kMacroEdge);
  const std::int32_t root = parents.find(first);
  const auto row = first + static_cast<std::int32_t>(threadIdx.x);
  const bool same = row >= count || parents.find(row) == root;
  const bool all = __syncthreads_and(same ? 1 : 0) != 0;
  if (threadIdx.x == 0) roots[blockIdx.x] = all ? root : -1;
}

/// Tiles of the order, or given ones.
struct TileSource {
  TileOrder order;
  std::int64_t begin;
  const MacroTile* given;  ///< or null
  std::int64_t count;

  __device__ MacroTile at(std::int64_t k) const { return given != nullptr ? given[k] : order.at(begin + k); }
};

/// Lists the tiles that can change something. Those of a block of threads stay in their order, and blocks begin in
/// theirs: tiles that share rows or columns stay close.
__global__ void list_unsettled(TileSource source, const std::int32_t* roots, std::int64_t num_rows, MacroTile* tiles,
                               unsigned* num_tiles, unsigned long long* pairs_skipped) {
  __shared__ unsigned before[kThreads / 32];  // tiles of the warps before, then where each warp's begin
  const std::int64_t k = blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x;
  const unsigned warp = threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  MacroTile tile{};
  bool keep = false;
  if (k < source.count) {
    tile = source.at(k);
    keep = roots[tile.row] < 0 || roots[tile.row] != roots[tile.col];
    if (!keep && source.given == nullptr) {
      atomicAdd(pairs_skipped, static_cast<unsigned long long>(pairs_in(tile, source.order, num_rows, num_rows)));
    }
  }
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

/// Notes how many pairs there were, and leaves the count at those that the list has.
__global__ void close_list(unsigned long long* count, unsigned long long capacity, unsigned long long* listed) {
  *listed = *count;
  if (*count > capacity) *count = capacity;
}

std::int64_t blocks_of(std::int64_t num_rows) { return blocks_for(num_rows, kMacroEdge); }

std::int64_t tiles_at_most(std::int64_t num_rows) {
  const TileOrder order{blocks_of(num_rows), blocks_of(num_rows), true};
  return std::min(order.size(), kLongestWave);
}

/// Tiles of which the list holds every pair.
std::int64_t safe_tiles(std::int64_t capacity) { return capacity / FusedComponents::kLeastCapacity; }

}  // namespace

FusedComponents::FusedComponents(const Setting& setting)
    : setting_(setting),
      order_{blocks_of(setting.set.count), blocks_of(setting.set.count), true},
      wave_(std::min(setting.first_wave, tiles_at_most(setting.set.count))) {
  if (setting.capacity < kLeastCapacity) {
    throw Error(ErrorCode::internal,
                concat("a list of ", setting.capacity, " pairs; at least ", kLeastCapacity, " are needed"));
  }
  const Stream& stream = setting.gpu.stream();
  const std::int64_t most_tiles = tiles_at_most(setting.set.count);
  most_errors_ = DeviceBuffer<float>(order_.rows, stream);
  roots_ = DeviceBuffer<std::int32_t>(order_.rows, stream);
  given_ = DeviceBuffer<MacroTile>(std::min(most_tiles, safe_tiles(setting.capacity)), stream);
  tiles_ = DeviceBuffer<MacroTile>(most_tiles, stream);
  redo_ = DeviceBuffer<unsigned>(blocks_for(most_tiles, 32), stream);
  pairs_ = DeviceBuffer<ScoredPair>(setting.capacity, stream);
  count_ = DeviceBuffer<unsigned long long>(1, stream);
  report_ = DeviceBuffer<Report>(1, stream);
  fill_zero(most_errors_.data(), most_errors_.size(), stream);
  launch(stream, grid_of(blocks_for(setting.set.count, kThreads)), dim3(kThreads), find_most_errors, setting.set.errors,
         setting.set.count, most_errors_.data());
}

std::int64_t FusedComponents::device_bytes(std::int64_t num_rows, std::int64_t capacity) {
  constexpr std::int64_t kOfCounts = 64;
  const std::int64_t most_tiles = tiles_at_most(num_rows);
  const std::int64_t tiles = most_tiles + std::min(most_tiles, safe_tiles(capacity));
  return blocks_of(num_rows) * 8 + tiles * static_cast<std::int64_t>(sizeof(MacroTile)) +
         blocks_for(most_tiles, 32) * 4 + capacity * static_cast<std::int64_t>(sizeof(ScoredPair)) + kOfCounts;
}

double FusedComponents::share_done() const {
  return static_cast<double>(next_ - std::ssize(again_)) / static_cast<double>(order_.size());
}

/// The tiles of the next wave: those that come again before new ones.
void FusedComponents::list_tiles(std::int64_t count) {
  const Stream& stream = setting_.gpu.stream();
  TileSource source{order_, next_, nullptr, count};
  if (!again_.empty()) {
    copy_to_device(given_.data(), again_.data(), count, stream);
    source.given = given_.data();
  }
  launch(stream, grid_of(order_.rows), dim3(static_cast<unsigned>(kMacroEdge)), find_roots, setting_.parents,
         setting_.set.count, roots_.data());
  launch(stream, grid_of(blocks_for(count, kThreads)), dim3(kThreads), list_unsettled, source, roots_.data(),
         setting_.set.count, tiles_.data(), &report_.data()->tiles, &report_.data()->pairs_skipped);
}

/// The wave's tiles of which a pair was not listed.
void FusedComponents::take_back(std::int64_t count) {
  const Stream& stream = setting_.gpu.stream();
  std::vector<MacroTile> tiles(static_cast<std::size_t>(count));
  std::vector<unsigned> redo(static_cast<std::size_t>(blocks_for(count, 32)));
  copy_to_host(tiles.data(), tiles_.data(), count, stream);
  copy_to_host(redo.data(), redo_.data(), std::ssize(redo), stream);
  stream.synchronize();
  for (std::size_t k = 0; k < tiles.size(); ++k) {
    if ((redo[k / 32] >> (k % 32) & 1U) == 0) continue;
    again_.push_back(tiles[k]);
    ++tiles_repeated_;
  }
}

void FusedComponents::advance() {
  const Stream& stream = setting_.gpu.stream();
  const HalfSet& set = setting_.set;
  const bool again = !again_.empty();
  const std::int64_t count =
      again ? std::min(given_.size(), std::ssize(again_)) : std::min(wave_, order_.size() - next_);
  fill_zero(report_.data(), 1, stream);
  fill_zero(count_.data(), 1, stream);
  fill_zero(redo_.data(), blocks_for(count, 32), stream);
  list_tiles(count);
  const PairList list{pairs_.data(), count_.data()};
  setting_.scorer.score(setting_.gpu, {tiles_.data(), &report_.data()->tiles, count,
                                       TileScan{{set.errors, set.norms, most_errors_.data(), set.count, set.depth},
                                                setting_.threshold,
                                                setting_.parents,
                                                list,
                                                static_cast<unsigned long long>(pairs_.size()),
                                                redo_.data()}});
  launch(stream, dim3(1), dim3(1), close_list, count_.data(), static_cast<unsigned long long>(pairs_.size()),
         &report_.data()->listed);
  setting_.decide(list);
  copy_to_host(answer_.data(), report_.data(), 1, stream);
  stream.synchronize();

  const Report report = *answer_.data();
  const auto listed = static_cast<std::int64_t>(report.listed);
  pairs_skipped_ += static_cast<std::int64_t>(report.pairs_skipped);
  exact_evaluations_ += std::min(listed, pairs_.size());
  if (again) {
    again_.erase(again_.begin(), again_.begin() + count);
  } else {
    next_ += count;
  }
  if (listed > pairs_.size()) take_back(static_cast<std::int64_t>(report.tiles));
  if (again) return;
  if (listed > pairs_.size()) {
    wave_ = std::max(given_.size(), wave_ / 4);
  } else if (listed < pairs_.size() / 8) {
    wave_ = std::min(2 * wave_, tiles_.size());
  }
}

}  // namespace simile::cuda
