// SPDX-License-Identifier: Apache-2.0
#pragma once

// What CUTLASS's kernel asks for its next tile.

#include <algorithm>
#include <cstdint>

#include <cutlass/cutlass.h>
#include <cutlass/gemm/kernel/tile_scheduler.hpp>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/fused/tile_list.cuh"

namespace simile::cuda::fused {

/// Blocks of threads, along the rows of a macro tile, that share its columns.
inline constexpr int kBlocksInCluster = 2;

/// The entries of the list that this block's cluster takes, one after the other.
struct Entries {
  std::int64_t at;
  std::int64_t step;

  static CUTLASS_DEVICE Entries of_cluster() {
    return {static_cast<std::int64_t>(blockIdx.x / kBlocksInCluster),
            static_cast<std::int64_t>(gridDim.x / kBlocksInCluster)};
  }
  CUTLASS_DEVICE void advance(std::int64_t count = 1) { at += count * step; }
};

/// Hands out the macro tiles of a list instead of all tiles of a matrix.
class ListScheduler : public cutlass::gemm::kernel::detail::PersistentTileSchedulerSm90 {
  using Base = cutlass::gemm::kernel::detail::PersistentTileSchedulerSm90;

 public:
  struct List {
    const MacroTile* tiles = nullptr;
    const unsigned* count = nullptr;
    int most_tiles = 0;
  };
  struct Arguments : Base::Arguments {
    List list;
  };
  struct Params : Base::Params {
    List list;
  };
  using WorkTileInfo = Base::WorkTileInfo;

  template <class ProblemShape, class Tile, class Cluster>
  static Params to_underlying_arguments(ProblemShape problem, Tile tile, Cluster cluster,
                                        const cutlass::KernelHardwareInfo& hardware, const Arguments& arguments,
                                        void* workspace = nullptr, std::uint32_t epilogue_subtile = 1,
                                        std::uint32_t alignment = 1) {
    Params params;
    static_cast<Base::Params&>(params) = Base::to_underlying_arguments(problem, tile, cluster, hardware, arguments,
                                                                       workspace, epilogue_subtile, alignment);
    params.list = arguments.list;
    return params;
  }

  template <class ProblemShape, class Tile, class Cluster>
  static dim3 get_grid_shape(const Params& params, ProblemShape /*problem*/, Tile /*tile*/, Cluster /*cluster*/,
                             const cutlass::KernelHardwareInfo& hardware, const Base::Arguments& /*arguments*/) {
    return grid_of(kBlocksInCluster * std::min(params.list.most_tiles, hardware.sm_count / kBlocksInCluster));
  }

  CUTLASS_DEVICE explicit ListScheduler(const Params& params) : list_(params.list), entries_(Entries::of_cluster()) {}

  template <class Cluster>
  CUTLASS_DEVICE WorkTileInfo initial_work_tile_info(Cluster /*cluster*/) {
    return get_current_work();
  }
  CUTLASS_DEVICE WorkTileInfo get_current_work() const { return work_at(entries_); }
  CUTLASS_DEVICE void advance_to_next_work(std::uint32_t count = 1) { entries_.advance(count); }
  CUTLASS_DEVICE bool is_last_tile(WorkTileInfo& /*work*/, std::uint32_t count = 1) const {
    Entries next = entries_;
    next.advance(count);
    return !work_at(next).is_valid();
  }
  CUTLASS_DEVICE auto fetch_next_work(WorkTileInfo /*work*/) {
    advance_to_next_work();
    return cute::make_tuple(get_current_work(), true);
  }
  template <class Pipeline, class State>
  CUTLASS_DEVICE auto fetch_next_work(WorkTileInfo work, Pipeline& /*pipeline*/, State /*state*/) {
    return fetch_next_work(work);
  }

 private:
  CUTLASS_DEVICE WorkTileInfo work_at(const Entries& entries) const {
    if (entries.at >= *list_.count) return WorkTileInfo::invalid_work_tile();
    const MacroTile tile = list_.tiles[entries.at];
    const auto half = static_cast<std::int32_t>(blockIdx.x % kBlocksInCluster);
    return {tile.row * kBlocksInCluster + half, tile.col, 0, true};
  }

  List list_;
  Entries entries_;
};

struct ListSchedulerTag {};

}  // namespace simile::cuda::fused

template <class ArchTag, class TileShape, class ClusterShape, std::uint32_t kStages>
struct cutlass::gemm::kernel::detail::TileSchedulerSelector<simile::cuda::fused::ListSchedulerTag, ArchTag, TileShape,
                                                            ClusterShape, kStages> {
  using Scheduler = simile::cuda::fused::ListScheduler;
};
