// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/hamming.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

/// Codes at every distance: each differs from the one before in one more bit, with all 0 and all 1 among them.
Array<std::uint8_t, 2> codes_of(std::int64_t count, std::int64_t bits, std::uint64_t seed) {
  Array<std::uint8_t, 2> codes({count, (bits + 7) / 8});
  Random random(seed);
  for (std::int64_t row = 1; row < count; ++row) {
    for (std::int64_t bit = 0; bit < bits; ++bit) {
      const bool set = row == 1 || random.below(static_cast<std::uint64_t>(count)) < static_cast<std::uint64_t>(row);
      if (set) codes.view()(row, bit / 8) |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
  }
  return codes;
}

class HammingOf : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Bits, HammingOf, testing::Values(1, 7, 8, 9, 63, 64, 65, 127, 128, 256, 4096),
                         testing::PrintToStringParamName());

TEST_P(HammingOf, EqualsTheOracle) {
  const auto codes = codes_of(23, GetParam(), 1);
  const HammingMetric metric(codes.view(), GetParam());
  const auto row = [&](std::int64_t k) {
    return std::span<const std::uint8_t>(codes.data() + k * codes.shape(1), static_cast<std::size_t>(codes.shape(1)));
  };
  for (std::int64_t i = 0; i < 23; ++i) {
    for (std::int64_t j = 0; j < 23; ++j) {
      ASSERT_EQ(metric.exact(i, j), oracle_hamming(row(i), row(j), GetParam())) << i << ", " << j;
    }
    EXPECT_EQ(metric.exact(i, i), 1.0);
  }
  EXPECT_EQ(metric.exact(0, 1), 0.0);
}

TEST_P(HammingOf, ScreensExactlyAtEveryLevel) {
  const auto codes = codes_of(23, GetParam(), 2);
  const HammingMetric metric(codes.view(), GetParam());
  check_exact_everywhere(metric, true);
  IntervalUse use;
  check_intervals(metric, use);
  EXPECT_EQ(use.worst, 0);
  check_floors(metric);
}

TEST(Hamming, ReportsNothingBelowTheFloor) {
  const auto codes = codes_of(40, 64, 3);
  const HammingMetric metric(codes.view(), 64);
  Tile tile;
  tile.rows = tile.cols = {0, 40};
  for (std::int64_t differing = 0; differing <= 64; ++differing) {
    const double floor = static_cast<double>(64 - differing) / 64;
    Workspace workspace(kPlentyOfMemory);
    std::vector<ScoredPair> scored;
    metric.screen(tile, {.floor = floor}, workspace, scored);
    for (const auto& pair : scored) ASSERT_GE(pair.low, floor);
  }
}

TEST(Hamming, ComparesTwoSetsAsOne) {
  const auto codes = codes_of(30, 100, 4);
  const auto left = codes.view();
  auto right = left;
  right.data += 11 * right.stride[0];
  right.shape[0] -= 11;
  const HammingMetric one(left, 100);
  const HammingMetric two(left, right, 100);
  EXPECT_EQ(one.num_right(), 30);
  EXPECT_EQ(two.num_right(), 19);
  for (std::int64_t i = 0; i < 30; ++i) {
    for (std::int64_t j = 0; j < 19; ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 11));
  }
  IntervalUse use;
  check_intervals(two, use);
}

TEST(Hamming, RefusesLengthsThatDoNotFit) {
  const Array<std::uint8_t, 2> codes({3, 8});
  for (const std::int64_t bits : {0LL, -8LL, 56LL, 65LL, 1LL << 40}) {
    expect_error(ErrorCode::invalid_argument, "codes of 8 bytes cannot hold",
                 [&] { HammingMetric(codes.view(), bits); });
  }
  EXPECT_NO_THROW(HammingMetric(codes.view(), 57));
  const Array<std::uint8_t, 2> other({3, 7});
  expect_error(ErrorCode::invalid_argument, "codes of 7 bytes", [&] { HammingMetric(codes.view(), other.view(), 64); });
}

// Bits beyond the last would count as differing: 0 similar bits of 5 could come out as -3.
TEST(Hamming, RefusesBitsAfterTheLastOne) {
  for (int bit = 0; bit < 8; ++bit) {
    Array<std::uint8_t, 2> codes({3, 2});
    codes.view()(1, 1) = static_cast<std::uint8_t>(0x80 >> bit);
    if (bit < 5) {
      EXPECT_NO_THROW(HammingMetric(codes.view(), 13));
    } else {
      expect_error(ErrorCode::invalid_argument, "code 1 has bits beyond its 13",
                   [&] { HammingMetric(codes.view(), 13); });
    }
  }
}

}  // namespace
}  // namespace simile
