// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "cuda/core/gpu.hpp"
#include "cuda/similarity/fused/rounded_set.hpp"
#include "cuda/similarity/fused/scan.cuh"

namespace simile::cuda {

/// A wave: tiles that are scored by one kernel.
struct TileWave {
  const MacroTile* tiles;   ///< on the device, as all of it
  const unsigned* count;    ///< of tiles
  std::int64_t most_tiles;  ///< that the count can be
  TileScan scan;
};

/// Products of rows, a macro tile at a time, of which scan_tile() sees every one.
class TileScorer {
 public:
  virtual ~TileScorer() = default;
  /// Queues it on the device's stream.
  virtual void score(Gpu& gpu, const TileWave& wave) = 0;
};

/// On any device, slowly: for tests.
std::unique_ptr<TileScorer> make_plain_scorer(const HalfSet& set);
std::unique_ptr<TileScorer> make_plain_scorer(const ByteSet& set);
/// By Hopper's tensor cores, with CUTLASS's main loop: for devices of compute capability 9.0, in builds that have it.
std::unique_ptr<TileScorer> make_tensor_scorer(const HalfSet& set);
std::unique_ptr<TileScorer> make_tensor_scorer(const ByteSet& set);

}  // namespace simile::cuda
