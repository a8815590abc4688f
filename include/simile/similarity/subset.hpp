// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "simile/similarity/metric.hpp"

namespace simile {

/// A metric on some of another's items: item k here is item items[k] there. Refers to both, copies nothing.
class SubsetMetric final : public Metric {
 public:
  SubsetMetric(const Metric& metric, std::span<const std::int64_t> left, std::span<const std::int64_t> right)
      : metric_(metric), left_(left), right_(right) {}

  std::string_view name() const override { return metric_.name(); }
  std::int64_t num_left() const override { return static_cast<std::int64_t>(left_.size()); }
  std::int64_t num_right() const override { return static_cast<std::int64_t>(right_.size()); }
  std::int64_t resident_bytes() const override { return metric_.resident_bytes(); }
  Cost cost() const override { return {}; }
  double exact(std::int64_t left, std::int64_t right) const override {
    return metric_.exact(left_[static_cast<std::size_t>(left)], right_[static_cast<std::size_t>(right)]);
  }

 private:
  const Metric& metric_;
  std::span<const std::int64_t> left_;
  std::span<const std::int64_t> right_;
};

}  // namespace simile
