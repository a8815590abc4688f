// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "cuda/core/buffer.hpp"
#include "cuda/similarity/fused/tile_scorer.hpp"

namespace simile::cuda {

/// The components of one set by cosine: every pair, in waves of macro tiles. A wave leaves out the tiles whose rows and
/// columns all are in one component by then, scores the rest with one kernel, and evaluates the definition of the pairs
/// that it lists. Where there are too many of these the tile is scored once more, later and in smaller company: no pair
/// is lost.
class FusedComponents {
 public:
  /// Pairs that the list must have room for: those of one tile.
  static constexpr std::int64_t kLeastCapacity = kMacroEdge * kMacroEdge;

  struct Setting {
    Gpu& gpu;
    HalfSet set;
    double threshold;  ///< -1 .. 1
    Parents parents;   ///< a node for each row
    TileScorer& scorer;
    std::int64_t capacity;  ///< of the list of pairs; at least kLeastCapacity
    /// Queues the evaluation of the listed pairs, and what follows from it.
    std::function<void(const PairList&)> decide;
    std::int64_t first_wave = 1 << 10;  ///< tiles; then they get longer
  };
  /// Throws out_of_memory; nothing has been done then.
  explicit FusedComponents(const Setting& setting);

  /// Bytes on the device for a set of so many rows.
  static std::int64_t device_bytes(std::int64_t num_rows, std::int64_t capacity);

  /// The next wave, until it is done. Not when done() already.
  void advance();
  bool done() const { return next_ == order_.size() && again_.empty(); }

  /// The share of tiles that have been dealt with, 0 .. 1.
  double share_done() const;
  std::int64_t pairs_skipped() const { return pairs_skipped_; }
  std::int64_t exact_evaluations() const { return exact_evaluations_; }
  std::int64_t tiles_repeated() const { return tiles_repeated_; }

 private:
  /// What a wave tells the host.
  struct Report {
    unsigned tiles;
    unsigned long long listed;  ///< more than the capacity: some were not
    unsigned long long pairs_skipped;
  };

  void list_tiles(std::int64_t count);
  void take_back(std::int64_t count);

  Setting setting_;
  TileOrder order_;
  std::int64_t next_ = 0;  ///< of the order
  std::int64_t wave_;      ///< tiles of the next wave
  std::vector<MacroTile> again_;
  std::int64_t pairs_skipped_ = 0;
  std::int64_t exact_evaluations_ = 0;
  std::int64_t tiles_repeated_ = 0;

  DeviceBuffer<float> most_errors_;
  DeviceBuffer<std::int32_t> roots_;  ///< of each block of rows that has one, else -1
  DeviceBuffer<MacroTile> given_;
  DeviceBuffer<MacroTile> tiles_;
  DeviceBuffer<unsigned> redo_;
  DeviceBuffer<ScoredPair> pairs_;
  DeviceBuffer<unsigned long long> count_;
  DeviceBuffer<Report> report_;
  PinnedBuffer<Report> answer_{1};
};

}  // namespace simile::cuda
