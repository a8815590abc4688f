// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Share of positions at which two minhash signatures [n, 128] are equal, in [0, 1]. A signature of only 2^32 - 1, of
/// an image without corners, is alike to nothing (similarity -infinity, also to itself).
/// Screen: the lowest bytes, of which equal minima have equal ones; then the definition.
class MinhashMetric final : public Metric {
 public:
  /// Throws invalid_argument when a row does not hold 128 minima.
  explicit MinhashMetric(View<const std::uint32_t, 2> signatures);
  MinhashMetric(View<const std::uint32_t, 2> left, View<const std::uint32_t, 2> right);

  std::string_view name() const override { return "minhash"; }
  std::int64_t num_left() const override { return left_.shape[0]; }
  std::int64_t num_right() const override { return right_.shape[0]; }
  std::int64_t resident_bytes() const override;
  Cost cost() const override;
  double exact(std::int64_t left, std::int64_t right) const override;
  MetricItems items() const override;

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  std::int64_t right_begin() const { return one_set_ ? 0 : left_.shape[0]; }
  bool empty(std::int64_t row) const { return empty_[static_cast<std::size_t>(row)] != 0; }

  View<const std::uint32_t, 2> left_;
  View<const std::uint32_t, 2> right_;
  bool one_set_;
  Array<std::uint8_t, 2> low_bytes_;  // [rows, 128]: of the left rows and then, of two sets, of the right rows
  std::vector<char> empty_;           // rows without corners, likewise
};

}  // namespace simile
