// SPDX-License-Identifier: Apache-2.0
// The fused kernel for Hopper: CUTLASS's warp-specialised main loop (TMA, wgmma; a cluster of two blocks shares the
// columns), which works through a list of macro tiles in device memory, with an epilogue that scans its registers and
// stores no score. Only built for sm_90a. It has been compiled, but never run: what is not CUTLASS's is in scan.cuh and
// tile_list.cuh, which tests run.
#include <cute/tensor.hpp>
#include <cutlass/cutlass.h>
#include <cutlass/epilogue/collective/detail.hpp>
#include <cutlass/gemm/collective/collective_builder.hpp>
#include <cutlass/gemm/device/gemm_universal_adapter.h>
#include <cutlass/gemm/kernel/gemm_universal.hpp>

#include "cuda/similarity/fused/list_scheduler.cuh"
#include "cuda/similarity/fused/scan_epilogue.cuh"
#include "cuda/similarity/fused/tile_scorer.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace fused {

using TileShape = cute::Shape<cute::Int<kTileRows>, cute::Int<kTileCols>, cute::_64>;
using ClusterShape = cute::Shape<cute::Int<kBlocksInCluster>, cute::_1, cute::_1>;
using Schedule = cutlass::gemm::KernelTmaWarpSpecializedCooperative;
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
