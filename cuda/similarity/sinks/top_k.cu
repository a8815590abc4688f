// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <thrust/execution_policy.h>
#include <thrust/remove.h>
#include <thrust/system_error.h>

#include "cuda/core/launch.hpp"
#include "cuda/core/scratch.hpp"
#include "cuda/similarity/score.cuh"
#include "cuda/similarity/sinks/collect.hpp"
#include "cuda/similarity/sinks/drivers.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace {

// Groups for each neighbour: of items in any order a floor is then reached by 1.2 k of those seen; by 1.4 k with 2.
constexpr std::int64_t kGroupsEach = 3;

/// Whether the warp's row has k groups with the rank or one before it.
__device__ bool reached_by_k(const TopKRows& rows, std::int64_t row, Rank rank) {
  const Rank* const groups = rows.groups + row * rows.num_groups;
  unsigned reach = 0;
  for (std::uint32_t group = threadIdx.x % 32; group < rows.num_groups; group += 32) {
    if (groups[group] >= rank) ++reach;
  }
  return __reduce_add_sync(0xffffffffU, reach) >= rows.k;
}

/// Floors become the k-th of the row's groups, where that is more; one row a warp.
__global__ void raise(TopKRows rows, TopKRanges ranges) {
  const std::int64_t num_rows = ranges.rows.end - ranges.rows.begin;
  const std::int64_t count = num_rows + ranges.cols.end - ranges.cols.begin;
  const std::int64_t warps = static_cast<std::int64_t>(gridDim.x) * (kThreads / 32);
  for (std::int64_t at = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / 32; at < count;
       at += warps) {
    const std::int64_t row = at < num_rows ? ranges.rows.begin + at : ranges.cols.begin + at - num_rows;
    // One floor for the warp: another one may raise it meanwhile.
    const Rank known = __shfl_sync(0xffffffffU, rows.floors[row], 0);
    if (!reached_by_k(rows, row, known + 1)) continue;
    Rank floor = 0;
    for (int bit = 63; bit >= 0; --bit) {
      const Rank next = floor | Rank{1} << bit;
      if (reached_by_k(rows, row, next)) floor = next;
    }
    if (threadIdx.x % 32 == 0) atomicMax(rows.floors + row, floor);
  }
}

struct Beaten {
  DeviceTopK sink;
  __device__ bool operator()(const ScoredPair& pair) const { return !sink.matters(pair); }
};

/// A floor, whichever items reach it.
Rank rank_of_floor(double floor) {
  if (floor == -std::numeric_limits<double>::infinity()) return 0;
  auto down = static_cast<float>(floor);
  if (static_cast<double>(down) > floor) down = std::nextafter(down, -std::numeric_limits<float>::infinity());
  return rank_of(down, 0xffffffffU);
}

class TopKDriver final : public CollectDriver {
 public:
  TopKDriver(const SinkSetting& setting, const TopK& top_k, std::int64_t num_groups)
      : CollectDriver(setting),
        gpu_(setting.gpu),
        top_k_(top_k),
        one_set_(setting.pairs.one_set()),
        num_groups_(num_groups),
        floors_(setting.pairs.num_left(), setting.gpu.stream()),
        groups_(setting.pairs.num_left() * num_groups, setting.gpu.stream()) {}

  void begin() override {
    std::vector<Rank> floors(static_cast<std::size_t>(floors_.size()));
    for (std::size_t row = 0; row < floors.size(); ++row) {
      floors[row] = rank_of_floor(top_k_.floor(static_cast<std::int64_t>(row)));
    }
    copy_to_device(floors_.data(), floors.data(), floors_.size(), gpu_.stream());
    fill_zero(groups_.data(), groups_.size(), gpu_.stream());
    gpu_.stream().synchronize();
  }

  void prepare(const Tile& tile) override {
    ranges_ = {};
    if (!tile.list.empty()) return;
    ranges_.rows = tile.rows;
    if (one_set_ && tile.cols != tile.rows) ranges_.cols = tile.cols;
  }

  DeviceSink device_sink(const Need& need, const PairList& list) const override {
    const bool no_floor = need.floor == -std::numeric_limits<double>::infinity();
    return DeviceTopK{list, rows(), one_set_, ranges_, no_floor};
  }

  void shown(const Tile& tile) override {
    raise_floors(gpu_, rows(), tile.list.empty() ? ranges_ : TopKRanges{{0, floors_.size()}, {}});
  }

 protected:
  std::int64_t sift(const PairList& list, std::int64_t count, const Stream& stream) override {
    if (count == 0) return 0;
    ThrustScratch scratch(stream);
    const DeviceTopK sink{list, rows(), one_set_, {}, false};
    const auto policy = thrust::cuda::par_nosync(scratch).on(stream.get());
    try {
      return thrust::remove_if(policy, list.pairs, list.pairs + count, Beaten{sink}) - list.pairs;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::out_of_memory) throw;
      return count;  // the host drops what is open
    } catch (const thrust::system_error& error) {
      throw Error(ErrorCode::cuda, concat("thrust::remove_if: ", error.what()));
    }
  }

 private:
  TopKRows rows() const {
    return {floors_.data(), groups_.data(), static_cast<std::uint32_t>(num_groups_), top_k_.k()};
  }

  Gpu& gpu_;
  const TopK& top_k_;
  bool one_set_;
  std::int64_t num_groups_;
  DeviceBuffer<Rank> floors_;
  DeviceBuffer<Rank> groups_;
  TopKRanges ranges_{};
};

std::int64_t bytes_of(const Pairs& pairs, std::int64_t num_groups) {
  return pairs.num_left() * (num_groups + 1) * static_cast<std::int64_t>(sizeof(Rank));
}

}  // namespace

void raise_floors(const Gpu& gpu, const TopKRows& rows, const TopKRanges& ranges) {
  const std::int64_t count = ranges.rows.size() + ranges.cols.size();
  if (count == 0) return;
  launch(gpu.stream(), striding_grid(gpu, count, kThreads / 32), dim3(kThreads), raise, rows, ranges);
}

std::unique_ptr<SinkDriver> make_top_k_driver(const SinkSetting& setting, const TopK& top_k,
                                              std::int64_t device_bytes) {
  return std::make_unique<TopKDriver>(setting, top_k, device_bytes / bytes_of(setting.pairs, 0) - 1);
}

std::int64_t top_k_device_bytes(const Pairs& pairs, const TopK& top_k, std::int64_t most_bytes) {
  // The most that k may be does not fit anyway, and is not multiplied.
  const std::int64_t room = most_bytes / bytes_of(pairs, 0) - 1;
  if (room < top_k.k()) return 0;
  const std::int64_t num_groups = top_k.k() > room / kGroupsEach ? room : kGroupsEach * top_k.k();
  return bytes_of(pairs, std::min<std::int64_t>(num_groups, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace simile::cuda
