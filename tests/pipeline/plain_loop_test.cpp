// SPDX-License-Identifier: Apache-2.0
#include "pipeline/plain_loop.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "support/image_errors.hpp"

namespace simile {
namespace {

/// Takes a known least time for a pair, and counts.
class SlowMetric final : public Metric {
 public:
  SlowMetric(std::int64_t count, std::chrono::microseconds time) : count_(count), time_(time) {}
  std::string_view name() const override { return "slow"; }
  std::int64_t num_left() const override { return count_; }
  std::int64_t num_right() const override { return count_; }
  std::int64_t resident_bytes() const override { return 0; }
  Cost cost() const override { return {}; }
  double exact(std::int64_t left, std::int64_t right) const override {
    EXPECT_GE(left, 0);
    EXPECT_LT(left, right);
    EXPECT_LT(right, count_);
    ++calls;
    const auto end = std::chrono::steady_clock::now() + time_;
    while (std::chrono::steady_clock::now() < end) {
    }
    return 0;
  }
  mutable std::int64_t calls = 0;

 private:
  std::int64_t count_;
  std::chrono::microseconds time_;
};

TEST(PlainLoop, TakesAsLongAsEveryPairAndIsMeasuredOnFew) {
  const SlowMetric metric(1000, std::chrono::microseconds(200));
  EXPECT_GE(plain_loop_seconds(metric, 1, {}), 499'500 * 200e-6);
  EXPECT_LE(metric.calls, 2 + 151) << "more than 30 ms";
}

TEST(PlainLoop, StopsAfterAStretchOfSlowPairs) {
  const SlowMetric metric(1000, std::chrono::milliseconds(20));
  EXPECT_GE(plain_loop_seconds(metric, 1, {}), 499'500 * 20e-3);
  EXPECT_LE(metric.calls, 2 + 2);
}

TEST(PlainLoop, TakesNoTimeWithoutPairs) {
  for (const std::int64_t count : {0, 1}) {
    const SlowMetric metric(count, std::chrono::microseconds(0));
    EXPECT_EQ(plain_loop_seconds(metric, 1, {}), 0);
    EXPECT_EQ(metric.calls, 0);
  }
  EXPECT_GT(plain_loop_seconds(SlowMetric(2, std::chrono::microseconds(10)), 1, {}), 0);
}

TEST(PlainLoop, StopsWhenAsked) {
  Cancellation cancellation;
  cancellation.request();
  EXPECT_THAT(test::error_of([&] { plain_loop_seconds(SlowMetric(9, std::chrono::microseconds(1)), 1, cancellation); }),
              test::IsError(ErrorCode::cancelled, "interrupted"));
}

}  // namespace
}  // namespace simile
