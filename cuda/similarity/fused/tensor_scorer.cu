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

using ClusterShape = cute::Shape<cute::Int<kBlocksInCluster>, cute::_1, cute::_1>;
using Schedule = cutlass::gemm::KernelTmaWarpSpecializedCooperative;

/// CUTLASS's kernel for rows of these numbers, of which it takes 128 bytes of each at a time.
template <class Element, class Accumulator>
struct ScanGemm {
  static constexpr int kAlignment = 16 / static_cast<int>(sizeof(Element));
  static constexpr int kStep = 128 / static_cast<int>(sizeof(Element));
  using TileShape = cute::Shape<cute::Int<kTileRows>, cute::Int<kTileCols>, cute::Int<kStep>>;
  using Epilogue = cutlass::epilogue::collective::detail::Sm90TmaWarpSpecializedAdapter<ScanEpilogue<Accumulator>>;
  using Mainloop = typename cutlass::gemm::collective::CollectiveBuilder<
      cutlass::arch::Sm90, cutlass::arch::OpClassTensorOp, Element, cutlass::layout::RowMajor, kAlignment, Element,
      cutlass::layout::ColumnMajor, kAlignment, Accumulator, TileShape, ClusterShape,
      cutlass::gemm::collective::StageCountAutoCarveout<static_cast<int>(sizeof(typename Epilogue::SharedStorage))>,
      Schedule>::CollectiveOp;
  using Kernel =
      cutlass::gemm::kernel::GemmUniversal<cute::Shape<int, int, int, int>, Mainloop, Epilogue, ListSchedulerTag>;
  using Gemm = cutlass::gemm::device::GemmUniversalAdapter<Kernel>;
  static_assert(Kernel::NumMMAThreads == 32 * kScanWarps);
};

void require(cutlass::Status status, const char* call) {
  if (status == cutlass::Status::kSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw Error(ErrorCode::cuda, concat(call, ": ", cutlass::cutlassGetStatusString(status)));
}

template <class Element, class Accumulator, class Value>
class TensorScorer final : public TileScorer {
  using Gemm = typename ScanGemm<Element, Accumulator>::Gemm;

 public:
  explicit TensorScorer(const RoundedSet<Value>& set) : set_(set) {}

  void score(Gpu& gpu, const TileWave& wave) override {
    const auto* const values = reinterpret_cast<const Element*>(set_.values);
    const auto count = static_cast<int>(set_.count);
    const cute::Stride<std::int64_t, cute::_1, std::int64_t> stride{set_.depth, {}, 0};
    typename Gemm::Arguments arguments{};
    arguments.mode = cutlass::gemm::GemmUniversalMode::kGemm;
    arguments.problem_shape = {count, count, static_cast<int>(set_.depth), 1};
    arguments.mainloop.ptr_A = values;
    arguments.mainloop.dA = stride;
    arguments.mainloop.ptr_B = values;
    arguments.mainloop.dB = stride;
    arguments.epilogue.scan = wave.scan;
    arguments.hw_info.sm_count = static_cast<int>(gpu.multiprocessors());
    arguments.scheduler.list = {wave.tiles, wave.count, static_cast<int>(wave.most_tiles)};
    require(Gemm::can_implement(arguments), "the fused kernel's shape");
    require(gemm_.run(arguments, nullptr, gpu.stream().get()), "the fused kernel's launch");
  }

 private:
  RoundedSet<Value> set_;
  Gemm gemm_;
};

}  // namespace fused

std::unique_ptr<TileScorer> make_tensor_scorer(const HalfSet& set) {
  return std::make_unique<fused::TensorScorer<cutlass::half_t, float, __half>>(set);
}
std::unique_ptr<TileScorer> make_tensor_scorer(const ByteSet& set) {
  return std::make_unique<fused::TensorScorer<std::int8_t, std::int32_t, std::int8_t>>(set);
}

}  // namespace simile::cuda
