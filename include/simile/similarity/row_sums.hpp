// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "simile/core/exact_sum.hpp"
#include "simile/similarity/sink.hpp"

namespace simile {

/// For every node the sum of its exact similarities over all its pairs, correctly rounded, so that order and threads
/// cannot change it. Takes about 0.5 KiB a node. Nodes are numbered as in Components.
class RowSums final : public Sink {
 public:
  std::string_view name() const override { return "row sums"; }
  void begin(const Pairs& pairs, int num_workers) override;
  Need need(const Tile& tile) const override;
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override;
  void finish(const Evaluate& evaluate) override;

  /// For a backend that adds elsewhere, between begin() and finish(): adds to the sum of a node.
  void add(std::int64_t node, const ExactSum& sum);

  /// After finish(); 0 for a node without pairs.
  const std::vector<double>& sums() const { return rounded_; }

 protected:
  std::string identity() const override;
  void save_state(StateWriter& out) override;
  void load_state(StateReader& in) override;
  void merge_state(const Sink& other, Exact& exact) override;

 private:
  void add(std::int64_t node, double similarity);

  static constexpr std::size_t kStripes = 64;
  std::optional<Pairs> pairs_;
  std::vector<ExactSum> sums_;
  std::array<std::mutex, kStripes> stripes_;
  std::vector<double> rounded_;
};

}  // namespace simile
