// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "simile/similarity/items.hpp"
#include "simile/similarity/kept_features.hpp"
#include "simile/similarity/tile.hpp"
#include "simile/similarity/workspace.hpp"

namespace simile {

/// A pair and a certified interval around its exact similarity; low == high when that is known.
struct ScoredPair {
  std::int64_t left = 0;
  std::int64_t right = 0;
  double low = 0;
  double high = 0;
};

/// What a sink still wants to know about a tile, so that a metric can stop early.
struct Need {
  /// Pairs that are surely below this do not matter and need not be reported.
  double floor = -std::numeric_limits<double>::infinity();
  /// Intervals wider than this are of no use: the sink would evaluate nearly every such pair.
  double max_width = std::numeric_limits<double>::infinity();
  /// Every reported pair will be evaluated exactly: report low == high instead of screening first.
  bool exact = false;
  /// Screens may keep Metric::kept_bytes() for later tiles.
  bool keep = true;
};

/// What a metric's tiles cost, for planning them from a memory budget.
struct Cost {
  std::int64_t preferred_edge = 256;  ///< items a side that use the caches best
  std::int64_t bytes_per_row = 0;     ///< scratch for one left item of a tile
  std::int64_t bytes_per_column = 0;  ///< scratch for one right item of a tile
  std::int64_t bytes_per_pair = 0;    ///< scratch for one pair of a tile
  std::int64_t fixed_bytes = 0;       ///< scratch that does not depend on the tile
};

/// How alike two items are; higher is closer. A metric refers to features that outlive it. Left and right items are the
/// same set, or two. Safe to use from several threads.
class Metric {
 public:
  virtual ~Metric() = default;

  virtual std::string_view name() const = 0;
  virtual std::int64_t num_left() const = 0;
  virtual std::int64_t num_right() const = 0;
  /// Where the features lie. Those on a GPU are compared there and nowhere else.
  virtual Device device() const { return {}; }
  /// Bytes on the host of the features and of what the metric keeps beside them.
  virtual std::int64_t resident_bytes() const = 0;
  /// Bytes that screens keep besides, from the first tile on that allows it (Need::keep): they are faster then.
  virtual std::int64_t kept_bytes() const { return 0; }
  virtual Cost cost() const = 0;

  /// The definition (docs/definitions.md): the same double on every machine.
  virtual double exact(std::int64_t left, std::int64_t right) const = 0;

  /// What is compared, for a backend that does so elsewhere than on the host; by default nothing, and then none does.
  virtual MetricItems items() const { return {}; }
  /// What a backend has kept of these items (Context::keep_features).
  virtual KeptFeaturesSlot& kept_features() const { return kept_; }

  /// Appends to `out`, for every pair of the tile that is not surely below need.floor, an interval that holds
  /// exact(left, right). May throw Error(out_of_memory), having appended nothing: the tile is then split.
  void screen(const Tile& tile, const Need& need, Workspace& workspace, std::vector<ScoredPair>& out) const;

  /// Whether screen() evaluates every pair of a tile exactly, as intervals would be of no use.
  static bool scores_exactly(const Tile& tile, const Need& need) { return need.exact || !tile.list.empty(); }

 protected:
  /// The cheap way for a block, where intervals are of use; a metric without one evaluates exactly.
  virtual void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                            std::vector<ScoredPair>& out) const;

 private:
  void score_exactly(const Tile& tile, double floor, std::vector<ScoredPair>& out) const;

  mutable KeptFeaturesSlot kept_;
};

}  // namespace simile
