// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Cosine of float32 vectors [n, d], in [-1, 1]: dot / sqrt(nx ny) of double sums in a fixed order; identical rows give
/// exactly 1; a zero row is alike to nothing (similarity -infinity, also to itself).
/// Screen: single-precision matrix product of the normalised rows, with the band that docs/algorithms.md derives.
class CosineMetric final : public Metric {
 public:
  /// Throws invalid_argument when the sides differ in d, d is 0, or a value is NaN or infinite (naming the row).
  explicit CosineMetric(View<const float, 2> vectors);
  CosineMetric(View<const float, 2> left, View<const float, 2> right);

  std::string_view name() const override { return "cosine"; }
  std::int64_t num_left() const override { return left_.shape[0]; }
  std::int64_t num_right() const override { return right_.shape[0]; }
  std::int64_t resident_bytes() const override;
  Cost cost() const override;
  double exact(std::int64_t left, std::int64_t right) const override;

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  const double* right_norms() const { return norms_.data() + (one_set_ ? 0 : left_.shape[0]); }

  View<const float, 2> left_;
  View<const float, 2> right_;
  bool one_set_;
  Array<double, 1> norms_;  // squared, of the left rows and then, of two sets, of the right rows
};

}  // namespace simile
