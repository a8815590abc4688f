// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cuda/core/buffer.hpp"
#include "cuda/similarity/fused/rejects.hpp"
#include "cuda/similarity/fused/tile_scorer.hpp"

namespace simile::cuda {

/// The components of one set by cosine: every pair, in waves of macro tiles. A wave leaves out the tiles whose rows and
/// columns all are in one component by then, and those that a coarser pass rejects as long as that pays; scores the
/// rest with one kernel, and evaluates the definition of the pairs that it lists. Where there are too many of these the
/// tile is scored once more, later and in smaller company: no pair is lost.
class FusedComponents {
 public:
  /// Pairs that the list must have room for: those of one tile.
  static constexpr std::int64_t kLeastCapacity = kMacroEdge * kMacroEdge;
  static constexpr std::size_t kMostRejects = 2;

  struct Setting {
    Gpu& gpu;
    HalfSet set;
    double threshold;  ///< -1 .. 1
    Parents parents;   ///< a node for each row
    TileScorer& scorer;
    std::int64_t capacity;                ///< of the list of pairs; at least kLeastCapacity
    std::span<const RejectPass> rejects;  ///< at most kMostRejects
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
  std::int64_t tiles_rejected() const { return tiles_rejected_; }

 private:
  /// What a wave tells the host.
  struct Report {
    unsigned tiles[kMostRejects + 1];  ///< that are not settled, and that each pass left of these
    unsigned long long listed;         ///< more than the capacity: some were not
    unsigned long long pairs_skipped;
  };

  /// A pass of the setting, with how it does.
  struct Pass {
    const RejectPass* reject;
    DeviceBuffer<float> most_errors;
    int rests = 0;  ///< waves until it is tried again
  };

  /// Tiles of the wave on the device, and how many.
  struct Listed {
    const MacroTile* tiles;
    const unsigned* count;
  };

  DeviceBuffer<float> most_errors(const ScanRows& rows) const;
  void list_tiles(std::int64_t count);
  std::vector<Pass*> active_passes();
  Listed reject(const Pass& pass, const Listed& listed, std::size_t stage, std::int64_t count);
  void judge(const std::vector<Pass*>& passes, const Report& report);
  TileScan scan(const ScanRows& rows, unsigned* marks) const;
  void take_back(const MacroTile* listed, std::int64_t count);

  Setting setting_;
  TileOrder order_;
  std::int64_t next_ = 0;  ///< of the order
  std::int64_t wave_;      ///< tiles of the next wave
  std::vector<MacroTile> again_;
  std::int64_t pairs_skipped_ = 0;
  std::int64_t exact_evaluations_ = 0;
  std::int64_t tiles_repeated_ = 0;
  std::int64_t tiles_rejected_ = 0;
  std::vector<Pass> passes_;

  ScanRows rows_{};  ///< of the set
  DeviceBuffer<float> most_errors_;
  DeviceBuffer<std::int32_t> roots_;  ///< of each block of rows that has one, else -1
  DeviceBuffer<MacroTile> given_;
  std::array<DeviceBuffer<MacroTile>, 2> tiles_;  ///< the second is for what a pass leaves
  DeviceBuffer<unsigned> marks_;                  ///< a bit for each tile of the wave
  DeviceBuffer<ScoredPair> pairs_;
  DeviceBuffer<unsigned long long> count_;
  DeviceBuffer<Report> report_;
  PinnedBuffer<Report> answer_{1};
};

}  // namespace simile::cuda
