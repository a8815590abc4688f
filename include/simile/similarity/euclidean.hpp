// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

class VectorSides;

/// Minus the squared Euclidean distance of float32 vectors [n, d], -sum (x - y)^2 of doubles in a fixed order, at most
/// 0; identical rows give exactly 0. Differences are taken value by value, not from norms and products, so that close
/// rows of large values keep all digits. Screens as CosineMetric's, from the same products; intervals are as wide as
/// the rows are long, so rows that lie far from 0 and close to each other are evaluated exactly.
class EuclideanMetric final : public Metric {
 public:
  /// Vectors on the host or on a GPU, and errors, as CosineMetric's.
  explicit EuclideanMetric(View<const float, 2> vectors);
  EuclideanMetric(View<const float, 2> left, View<const float, 2> right);
  ~EuclideanMetric() override;

  std::string_view name() const override { return "euclidean"; }
  std::int64_t num_left() const override;
  std::int64_t num_right() const override;
  std::int64_t resident_bytes() const override;
  Device device() const override;
  Cost cost() const override;
  double exact(std::int64_t left, std::int64_t right) const override;
  MetricItems items() const override;

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  void screen_floats(const Tile& tile, double floor, Workspace& workspace, std::vector<ScoredPair>& out) const;

  std::unique_ptr<const VectorSides> sides_;
};

}  // namespace simile
