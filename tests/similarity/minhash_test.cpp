// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/minhash.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

constexpr std::int64_t kLength = 128;
constexpr std::uint32_t kNothing = 0xffffffffU;

/// Rows that share every number of positions with the first, from 0 to 128; some low bytes agree where values do not.
Array<std::uint32_t, 2> signatures_of(std::int64_t count, std::uint64_t seed) {
  Array<std::uint32_t, 2> rows({count, kLength});
  Random random(seed);
  for (std::int64_t c = 0; c < kLength; ++c) rows.view()(0, c) = static_cast<std::uint32_t>(random.next());
  for (std::int64_t row = 1; row < count; ++row) {
    for (std::int64_t c = 0; c < kLength; ++c) {
      const std::uint32_t value = rows.view()(0, c);
      const bool equal = (c * 37 + row) % kLength < (row - 1) % (kLength + 1);
      rows.view()(row, c) = equal ? value : value ^ static_cast<std::uint32_t>(c % 5 == 0 ? 0x100 * row : row);
    }
  }
  return rows;
}

std::span<const std::uint32_t> row_of(const Array<std::uint32_t, 2>& rows, std::int64_t row) {
  return {rows.data() + row * kLength, static_cast<std::size_t>(kLength)};
}

TEST(Minhash, EqualsTheOracle) {
  auto rows = signatures_of(131, 1);
  for (std::int64_t c = 0; c < kLength; ++c) {
    rows.view()(7, c) = kNothing;
    rows.view()(9, c) = kNothing;
    rows.view()(11, c) = c == 127 ? 0 : kNothing;  // is a signature
    rows.view()(12, c) = c == 0 ? 0 : kNothing;
  }
  const MinhashMetric metric(rows.view());
  for (std::int64_t i = 0; i < 131; ++i) {
    for (std::int64_t j = 0; j < 131; ++j) {
      ASSERT_EQ(metric.exact(i, j), oracle_minhash(row_of(rows, i), row_of(rows, j))) << i << ", " << j;
    }
  }
  EXPECT_EQ(metric.exact(11, 12), 126.0 / 128);
  EXPECT_EQ(metric.exact(7, 9), -kInfinity);
  EXPECT_EQ(metric.exact(7, 7), -kInfinity);
}

TEST(Minhash, ScreensExactlyAtEveryLevel) {
  auto rows = signatures_of(67, 2);
  for (std::int64_t c = 0; c < kLength; ++c) rows.view()(5, c) = rows.view()(40, c) = kNothing;
  const MinhashMetric metric(rows.view());
  check_exact_everywhere(metric, true);
  IntervalUse use;
  check_intervals(metric, use);
  EXPECT_EQ(use.worst, 0);
  check_floors(metric);
}

TEST(Minhash, ReportsNothingBelowTheFloorAndEmptyRowsOnlyWithoutOne) {
  auto rows = signatures_of(131, 3);
  for (std::int64_t c = 0; c < kLength; ++c) rows.view()(5, c) = kNothing;
  const MinhashMetric metric(rows.view());
  Tile tile;
  tile.rows = tile.cols = {0, 131};
  const SimdScope scope;
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    for (const double floor : {-kInfinity, -1.0, 0.0, 0.3, 0.5, 127.5 / 128, 1.0, 1.1}) {
      Workspace workspace(kPlentyOfMemory);
      std::vector<ScoredPair> scored;
      metric.screen(tile, {.floor = floor}, workspace, scored);
      std::int64_t expected = 0;
      for (std::int64_t i = 0; i < 131; ++i) {
        for (std::int64_t j = 0; j < 131; ++j) expected += metric.exact(i, j) >= floor ? 1 : 0;
      }
      ASSERT_EQ(static_cast<std::int64_t>(scored.size()), expected) << to_string(level) << ", floor " << floor;
      for (const auto& pair : scored) ASSERT_GE(pair.low, floor);
    }
  }
}

TEST(Minhash, ComparesTwoSetsAsOne) {
  const auto rows = signatures_of(30, 4);
  auto right = rows.view();
  right.data += 11 * kLength;
  right.shape[0] -= 11;
  const MinhashMetric one(rows.view());
  const MinhashMetric two(rows.view(), right);
  EXPECT_EQ(one.num_right(), 30);
  EXPECT_EQ(two.num_right(), 19);
  for (std::int64_t i = 0; i < 30; ++i) {
    for (std::int64_t j = 0; j < 19; ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 11));
  }
  IntervalUse use;
  check_intervals(two, use);
}

TEST(Minhash, HasNoPairsOfNoneOrOneItem) {
  for (const std::int64_t count : {0LL, 1LL}) {
    const Array<std::uint32_t, 2> rows({count, kLength});
    const MinhashMetric metric(rows.view());
    Engine engine;
    EXPECT_EQ(labels_of(engine, Pairs::triangle(count), metric, 0.5),
              std::vector<std::int64_t>(static_cast<std::size_t>(count)));
  }
}

TEST(Minhash, RefusesSignaturesOfAnotherLength) {
  const Array<std::uint32_t, 2> rows({3, 127});
  expect_error(ErrorCode::invalid_argument, "minhash signatures of 127 values; they have 128",
               [&] { MinhashMetric metric(rows.view()); });
}

}  // namespace
}  // namespace simile
