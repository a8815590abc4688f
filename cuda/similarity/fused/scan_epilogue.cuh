// SPDX-License-Identifier: Apache-2.0
#pragma once

// What CUTLASS's kernel does with a tile.

#include <cstddef>
#include <cstdint>
#include <utility>

#include <cute/tensor.hpp>
#include <cutlass/cutlass.h>
#include <cutlass/epilogue/dispatch_policy.hpp>

#include "cuda/similarity/fused/list_scheduler.cuh"
#include "cuda/similarity/fused/scan.cuh"

namespace simile::cuda::fused {

/// Warps that multiply, and scan what they have.
inline constexpr int kScanWarps = 8;

/// The interface of CUTLASS's DefaultEpilogue, for sums of this type.
template <class Accumulator>
class ScanEpilogue {
 public:
  using EpilogueSchedule = cutlass::epilogue::NoSmemWarpSpecialized;
  using DispatchPolicy = EpilogueSchedule;
  using ElementAccumulator = Accumulator;
  using ElementCompute = float;
  using ElementScalar = float;
  using ElementOutput = float;
  using ElementC = float;
  using ElementD = float;
  using StrideC = cute::Stride<std::int64_t, cute::_1, std::int64_t>;
  using StrideD = StrideC;
  struct ThreadEpilogueOp {
    using ElementOutput = float;
    using ElementAccumulator = Accumulator;
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
    CUTLASS_DEVICE Accumulator value(int i) const { return values(i); }
    CUTLASS_DEVICE int row(int i) const { return cute::get<0>(coordinates(i)); }
    CUTLASS_DEVICE int col(int i) const { return cute::get<1>(coordinates(i)); }
  };

  TileScan scan_;
  Entries entries_;
};

}  // namespace simile::cuda::fused
