// SPDX-License-Identifier: Apache-2.0
// The fused kernel for Hopper: CUTLASS's warp-specialised main loop (TMA, wgmma; a cluster of two blocks shares the
// columns), which works through a list of macro tiles in device memory, with an epilogue that scans its registers and
// stores no score. Only built for sm_90a. It has been compiled, but never run: what is not CUTLASS's is in scan.cuh and
// tile_list.cuh, which tests run.
#include <cute/tensor.hpp>
#include <cutlass/cutlass.h>
#include <cutlass/epilogue/collective/detail.hpp>
#include <cutlass/epilogue/dispatch_policy.hpp>
#include <cutlass/gemm/collective/collective_builder.hpp>
#include <cutlass/gemm/device/gemm_universal_adapter.h>
#include <cutlass/gemm/kernel/gemm_universal.hpp>
#include <cutlass/gemm/kernel/tile_scheduler.hpp>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/fused/tile_scorer.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda::fused {

using TileShape = cute::Shape<cute::Int<kTileRows>, cute::Int<kTileCols>, cute::_64>;
using ClusterShape = cute::Shape<cute::_2, cute::_1, cute::_1>;
using Schedule = cutlass::gemm::KernelTmaWarpSpecializedCooperative;
constexpr int kBlocksInCluster = 2;
constexpr int kScanWarps = 8;

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

/// The interface of CUTLASS's DefaultEpilogue.
class ScanEpilogue {
 public:
  using EpilogueSchedule = cutlass::epilogue::NoSmemWarpSpecialized;
  using DispatchPolicy = EpilogueSchedule;
  using ElementAccumulator = float;
  using ElementCompute = float;
  using ElementScalar = float;
  using ElementOutput = float;
  using ElementC = float;
  using ElementD = float;
  using StrideC = cute::Stride<std::int64_t, cute::_1, std::int64_t>;
  using StrideD = StrideC;
  struct ThreadEpilogueOp {
    using ElementOutput = float;
    using ElementAccumulator = float;
    using ElementCompute = float;
    using ElementC = float;
    using ElementD = float;
    static constexpr int kCount = 1;
  };
  static constexpr int kOutputAlignment = 1;

  struct SharedStorage {
    std::int32_t nodes[kScanWarps][kLocalNodes];
  };
  using TensorStorage = SharedStorage;
  struct Arguments {
    TileScan scan;
  };
  using Params = Arguments;

  template <class ProblemShape>
  static Params to_underlying_arguments(const ProblemShape& /*problem*/, const Arguments& arguments,
                                        void* /*workspace*/) {
    return arguments;
  }
  template <class ProblemShape>
  static std::size_t get_workspace_size(const ProblemShape& /*problem*/, const Arguments& /*arguments*/) {
    return 0;
  }
  template <class ProblemShape>
  static cutlass::Status initialize_workspace(const ProblemShape& /*problem*/, const Arguments& /*arguments*/,
                                              void* /*workspace*/, cudaStream_t /*stream*/,
                                              cutlass::CudaHostAdapter* /*adapter*/ = nullptr) {
    return cutlass::Status::kSuccess;
  }
  template <class ProblemShape>
  static bool can_implement(const ProblemShape& /*problem*/, const Arguments& /*arguments*/) {
    return true;
  }

  CUTLASS_DEVICE explicit ScanEpilogue(const Params& params) : scan_(params.scan), entries_(Entries::of_cluster()) {}

  /// Called for every tile that the scheduler hands out, in this order.
  template <class ProblemShape, class BlockShape, class BlockCoord, class Engine, class Layout, class TiledMma,
            class Residue>
  CUTLASS_DEVICE void operator()(ProblemShape /*problem*/, BlockShape block_shape, BlockCoord block,
                                 const cute::Tensor<Engine, Layout>& accumulators, TiledMma tiled_mma,
                                 Residue /*residue*/, int thread, char* shared) {
    // Coordinates of this thread's values within the tile, by CUTLASS's own partition.
    const auto whole = cute::make_identity_tensor(cute::take<0, 2>(block_shape));
    const auto coordinates = tiled_mma.get_thread_slice(thread).partition_C(whole);
    const Fragment<cute::Tensor<Engine, Layout>, decltype(coordinates)> fragment{accumulators, coordinates};
    auto& nodes = reinterpret_cast<SharedStorage*>(shared)->nodes[thread / 32];
    scan_tile(fragment, {cute::get<0>(block) * kTileRows, cute::get<1>(block) * kTileCols, entries_.at}, scan_, nodes);
    entries_.advance();
  }

 private:
  template <class Values, class Coordinates>
  struct Fragment {
    const Values& values;
    const Coordinates& coordinates;

    static constexpr int kSize = decltype(cute::size(std::declval<Values>()))::value;
    CUTLASS_DEVICE float value(int i) const { return values(i); }
    CUTLASS_DEVICE int row(int i) const { return cute::get<0>(coordinates(i)); }
    CUTLASS_DEVICE int col(int i) const { return cute::get<1>(coordinates(i)); }
  };

  TileScan scan_;
  Entries entries_;
};

}  // namespace simile::cuda::fused

template <class ArchTag, class TileShape, class ClusterShape, std::uint32_t kStages>
struct cutlass::gemm::kernel::detail::TileSchedulerSelector<simile::cuda::fused::ListSchedulerTag, ArchTag, TileShape,
                                                            ClusterShape, kStages> {
  using Scheduler = simile::cuda::fused::ListScheduler;
};

namespace simile::cuda {
namespace fused {

using Epilogue = cutlass::epilogue::collective::detail::Sm90TmaWarpSpecializedAdapter<ScanEpilogue>;
using Mainloop = typename cutlass::gemm::collective::CollectiveBuilder<
    cutlass::arch::Sm90, cutlass::arch::OpClassTensorOp, cutlass::half_t, cutlass::layout::RowMajor, 8, cutlass::half_t,
    cutlass::layout::ColumnMajor, 8, float, TileShape, ClusterShape,
    cutlass::gemm::collective::StageCountAutoCarveout<static_cast<int>(sizeof(Epilogue::SharedStorage))>,
    Schedule>::CollectiveOp;
using Kernel =
    cutlass::gemm::kernel::GemmUniversal<cute::Shape<int, int, int, int>, Mainloop, Epilogue, ListSchedulerTag>;
using Gemm = cutlass::gemm::device::GemmUniversalAdapter<Kernel>;
static_assert(Kernel::NumMMAThreads == 32 * kScanWarps);

void require(cutlass::Status status, const char* call) {
  if (status == cutlass::Status::kSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw Error(ErrorCode::cuda, concat(call, ": ", cutlass::cutlassGetStatusString(status)));
}

class TensorScorer final : public TileScorer {
 public:
  explicit TensorScorer(const HalfSet& set) : set_(set) {}

  void score(Gpu& gpu, const TileWave& wave) override {
    const auto* const halves = reinterpret_cast<const cutlass::half_t*>(set_.halves);
    const auto count = static_cast<int>(set_.count);
    const cute::Stride<std::int64_t, cute::_1, std::int64_t> stride{set_.depth, {}, 0};
    Gemm::Arguments arguments{};
    arguments.mode = cutlass::gemm::GemmUniversalMode::kGemm;
    arguments.problem_shape = {count, count, static_cast<int>(set_.depth), 1};
    arguments.mainloop.ptr_A = halves;
    arguments.mainloop.dA = stride;
    arguments.mainloop.ptr_B = halves;
    arguments.mainloop.dB = stride;
    arguments.epilogue.scan = wave.scan;
    arguments.hw_info.sm_count = static_cast<int>(gpu.multiprocessors());
    arguments.scheduler.list = {wave.tiles, wave.count, static_cast<int>(wave.most_tiles)};
    require(Gemm::can_implement(arguments), "the fused kernel's shape");
    require(gemm_.run(arguments, nullptr, gpu.stream().get()), "the fused kernel's launch");
  }

 private:
  HalfSet set_;
  Gemm gemm_;
};

}  // namespace fused

std::unique_ptr<TileScorer> make_tensor_scorer(const HalfSet& set) {
  return std::make_unique<fused::TensorScorer>(set);
}

}  // namespace simile::cuda
