// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cuda/similarity/sink_driver.hpp"

#include "simile/core/progress.hpp"

namespace simile::cuda {

/// A comparison that has begun, of which no tile is done.
struct FusedCase {
  Gpu& gpu;
  const Pairs& pairs;
  const MetricItems& items;
  const MemoryPlan& plan;
  const Cost& tile_cost;
  Screen& screen;
  SinkDriver& driver;
  Sink& sink;
  const Context& context;
};

/// Scores every pair by the fused kernel, in place of all tiles. False, and no more than unions done that are right
/// anyway, when it must not: it is asked for by SIMILE_GPU_FUSED=1 only, as it has never run on a GPU ("plain": the
/// same without tensor cores, on any device, for tests), and made for the components of one set by cosine, where all
/// rows are on a device of compute capability 9.0; or when the run is cancelled.
bool compare_fused(const FusedCase& all, ProgressPhase& phase, CompareStats& stats);

}  // namespace simile::cuda
