// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

class VectorSides;

/// Cosine of float32 vectors [n, d], in [-1, 1]: dot / sqrt(nx ny) of double sums in a fixed order; identical rows give
/// exactly 1; a zero row is alike to nothing (similarity -infinity, also to itself).
/// Screens, with the bands that docs/algorithms.md derives: products of the rows as signed bytes, of which it keeps a
/// copy, where that leaves few pairs open; else a single-precision matrix product of the normalised rows.
class CosineMetric final : public Metric {
 public:
  /// Vectors on the host, or on a GPU: these are compared there only, as they lie, and what writes them must be done.
  /// Throws invalid_argument when the sides differ in d or lie on different devices, d is 0, or a value is NaN or
  /// infinite (naming the row; of vectors on a GPU, compare() does).
  explicit CosineMetric(View<const float, 2> vectors);
  CosineMetric(View<const float, 2> left, View<const float, 2> right);
  ~CosineMetric() override;

  std::string_view name() const override { return "cosine"; }
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
