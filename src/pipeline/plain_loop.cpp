// SPDX-License-Identifier: Apache-2.0
#include "pipeline/plain_loop.hpp"

#include <algorithm>
#include <chrono>

#include "simile/core/random.hpp"

namespace simile {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kMeasured = std::chrono::milliseconds(30);
// Pairs in a row of a loop share the left item and read the right ones in order: so does a stretch.
constexpr std::int64_t kStretch = 64;
// The clock is read after each evaluation that takes longer, else after a stretch: reading it takes time, too.
constexpr auto kSlow = std::chrono::microseconds(100);

}  // namespace

double plain_loop_seconds(const Metric& metric, std::uint64_t seed, const Cancellation& cancellation) {
  const std::int64_t count = metric.num_left();
  if (count < 2) return 0;
  const double num_pairs = static_cast<double>(count) * static_cast<double>(count - 1) / 2;
  Random random(seed);
  double sum = metric.exact(0, 1);  // the first call pays for cold code and tables
  const auto second = Clock::now();
  sum += metric.exact(0, 1);
  std::int64_t evaluated = 0;
  const auto start = Clock::now();
  const bool slow = start - second > kSlow;
  auto now = start;
  while (now - start < kMeasured && static_cast<double>(evaluated) < num_pairs) {
    cancellation.check();
    const auto left = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(count - 1)));
    const auto first = left + 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(count - 1 - left)));
    const std::int64_t end = std::min(count, first + kStretch);
    for (std::int64_t right = first; right < end && now - start < kMeasured; ++right, ++evaluated) {
      sum += metric.exact(left, right);
      if (slow) now = Clock::now();
    }
    now = Clock::now();
  }
  volatile double used = sum;  // the loop is not to be left out
  static_cast<void>(used);
  return num_pairs * std::chrono::duration<double>(now - start).count() / static_cast<double>(evaluated);
}

}  // namespace simile
