// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "cuda/similarity/fused/byte_rows.hpp"
#include "cuda/similarity/fused/short_rows.hpp"
#include "cuda/similarity/fused/tile_scorer.hpp"

namespace simile::cuda {

/// A coarser way to score a tile: one that it leaves without a product at the floor has no pair at the threshold.
struct RejectPass {
  std::unique_ptr<TileScorer> scorer;
  ScanRows rows;  ///< but for the blocks' largest errors
  double cost;    ///< of a tile, where the halves' is 1
};

/// The passes that may pay for a set, the cheapest first, and what they work on.
class Rejects {
 public:
  /// How a set's tiles are scored.
  struct Scorers {
    std::function<std::unique_ptr<TileScorer>(const HalfSet&)> halves;
    std::function<std::unique_ptr<TileScorer>(const ByteSet&)> bytes;
  };

  /// None where they do not fit into so many bytes. Throws out_of_memory.
  Rejects(Gpu& gpu, const ResidentRows& rows, const Scorers& scorers, std::int64_t device_bytes);

  const std::vector<RejectPass>& passes() const { return passes_; }
  /// Bytes that they have taken, or took to be made.
  std::int64_t device_bytes() const { return device_bytes_; }

 private:
  std::optional<ShortRows> short_rows_;
  std::optional<ByteRows> byte_rows_;
  std::vector<RejectPass> passes_;
  std::int64_t device_bytes_ = 0;
};

}  // namespace simile::cuda
