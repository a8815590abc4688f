// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "simile/similarity/metric.hpp"

namespace simile {

/// A metric bounded by the core similarities of both items: min(similarity(i, j), core(i), core(j)), the mutual
/// reachability of HDBSCAN (Campello, Moulavi, Sander, PAKDD 2013) written for similarities. An item's core similarity
/// is that to its m-th nearest neighbour (TopK). Refers to the metric and to the cores; adds no rounding.
class MutualReachability final : public Metric {
 public:
  /// Of one set. Throws invalid_argument unless there is a core for every item of both sides.
  MutualReachability(const Metric& metric, std::span<const double> cores) : MutualReachability(metric, cores, cores) {}
  MutualReachability(const Metric& metric, std::span<const double> left_cores, std::span<const double> right_cores);

  std::string_view name() const override { return "mutual reachability"; }
  std::int64_t num_left() const override { return metric_.num_left(); }
  std::int64_t num_right() const override { return metric_.num_right(); }
  std::int64_t resident_bytes() const override { return metric_.resident_bytes(); }
  std::int64_t kept_bytes() const override { return metric_.kept_bytes(); }
  Device device() const override { return metric_.device(); }
  Cost cost() const override { return metric_.cost(); }
  double exact(std::int64_t left, std::int64_t right) const override;
  MetricItems items() const override;
  KeptFeaturesSlot& kept_features() const override { return metric_.kept_features(); }

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  double core(std::int64_t left, std::int64_t right) const;

  const Metric& metric_;
  std::span<const double> left_cores_;
  std::span<const double> right_cores_;
};

}  // namespace simile
