// SPDX-License-Identifier: Apache-2.0
#include "simile/core/random.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/expect_error.hpp"

namespace simile {
namespace {

// First values of the reference implementation (Vigna, splitmix64.c) from the seeds 0 and 1234567.
TEST(Random, GivesSplitMix64sKnownValues) {
  Random zero(0);
  EXPECT_EQ(zero.next(), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(zero.next(), 0x6e789e6aa1b965f4ULL);
  EXPECT_EQ(zero.next(), 0x06c45d188009454fULL);
  Random other(1234567);
  EXPECT_EQ(other.next(), 6457827717110365317ULL);
  EXPECT_EQ(other.next(), 3203168211198807973ULL);
}

TEST(Random, BelowStaysInRangeAndIsEven) {
  Random random(3);
  std::array<int, 6> counts{};
  for (int k = 0; k < 60000; ++k) ++counts[random.below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
  EXPECT_EQ(random.below(1), 0U);
  // With a bound just above 2^63 about half of all draws must be thrown away.
  for (int k = 0; k < 100; ++k) EXPECT_LT(random.below((1ULL << 63) + 1), (1ULL << 63) + 1);
}

TEST(Random, UniformStaysBelowOne) {
  Random random(4);
  double sum = 0;
  for (int k = 0; k < 10000; ++k) {
    const double value = random.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Sample, IsAscendingDistinctAndInRange) {
  for (const std::int64_t population : {1, 2, 10, 1000}) {
    for (const std::int64_t count : {std::int64_t{0}, std::int64_t{1}, population / 2, population}) {
      const auto sample = sample_without_replacement(population, count, 5);
      ASSERT_EQ(static_cast<std::int64_t>(sample.size()), count);
      ASSERT_TRUE(std::adjacent_find(sample.begin(), sample.end(), std::greater_equal<>()) == sample.end());
      if (count > 0) {
        ASSERT_GE(sample.front(), 0);
        ASSERT_LT(sample.back(), population);
      }
    }
  }
}

TEST(Sample, IsTheSameForASeedAndOftenNotForAnother) {
  EXPECT_EQ(sample_without_replacement(1000, 20, 7), sample_without_replacement(1000, 20, 7));
  EXPECT_NE(sample_without_replacement(1000, 20, 7), sample_without_replacement(1000, 20, 8));
}

TEST(Sample, TakesEveryItemAsOften) {
  std::vector<int> taken(10);
  for (std::uint64_t seed = 0; seed < 10000; ++seed) {
    for (const auto item : sample_without_replacement(10, 3, seed)) ++taken[static_cast<std::size_t>(item)];
  }
  for (const int count : taken) EXPECT_NEAR(count, 3000, 250);
}

TEST(Sample, RefusesMoreThanThereAre) {
  expect_error(ErrorCode::internal, "larger than its population", [] { sample_without_replacement(3, 4, 0); });
  expect_error(ErrorCode::internal, "larger than its population", [] { sample_without_replacement(3, -1, 0); });
}

}  // namespace
}  // namespace simile
