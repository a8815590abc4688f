// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simile/similarity/sink.hpp"
#include "simile/similarity/union_find.hpp"

namespace simile {

/// Connected components of the graph whose edges are the pairs with similarity >= threshold, united while pairs are
/// scored; no edge is stored. Of two sets (Pairs::one_set() false), the right items are numbered after the left ones.
class Components final : public Sink {
 public:
  /// Throws invalid_argument when the threshold is NaN.
  explicit Components(double threshold);

  std::string_view name() const override { return "components"; }
  void begin(const Pairs& pairs, int num_workers) override;
  bool settled(const Tile& tile) const override;
  Need need(const Tile& tile) const override;
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override;
  void finish(const Evaluate& evaluate) override;

  double threshold() const { return threshold_; }
  /// For a backend that unites elsewhere, between begin() and finish(): for every node the smallest one that it is
  /// known to be joined with; and the same the other way, node k with nodes[k]. Throws internal unless there is one for
  /// each.
  std::vector<std::int64_t> known_labels() const { return sets_.labels(); }
  void unite(std::span<const std::int64_t> nodes);

  /// For every node the smallest index in its component; after finish().
  const std::vector<std::int64_t>& labels() const { return labels_; }

 protected:
  std::string identity() const override;
  void save_state(StateWriter& out) override;
  void load_state(StateReader& in) override;
  void merge_state(const Sink& other, Exact& exact) override;

 private:
  double threshold_;
  std::optional<Pairs> pairs_;
  UnionFind sets_;
  std::vector<std::int64_t> labels_;
};

}  // namespace simile
