// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "simile/similarity/sink.hpp"

namespace simile {

/// Connected components of the graph whose edges are the pairs with similarity >= threshold, by a union-find that runs
/// while pairs are scored; no edge is stored. The larger root is always hooked under the smaller, so a root is its
/// component's smallest index whatever the order (lock-free as in Jayanti and Tarjan, PODC 2016, with path halving). Of
/// two sets (Pairs::one_set() false), the right items are numbered after the left ones.
class Components final : public Sink {
 public:
  /// Throws invalid_argument when the threshold is NaN.
  explicit Components(double threshold);

  std::string_view name() const override { return "components"; }
  void begin(const Pairs& pairs, int num_workers) override;
  bool settled(const Tile& tile) const override;
  Need need(const Tile& tile) const override;
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override;
  void finish() override;

  /// For every node the smallest index in its component; after finish().
  const std::vector<std::int64_t>& labels() const { return labels_; }

 private:
  std::int64_t find(std::int64_t node) const;
  void unite(std::int64_t a, std::int64_t b);

  double threshold_;
  std::optional<Pairs> pairs_;
  std::unique_ptr<std::atomic<std::int64_t>[]> parents_;
  std::vector<std::int64_t> labels_;
};

}  // namespace simile
