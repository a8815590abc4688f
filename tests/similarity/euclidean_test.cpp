// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/euclidean.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/hard_vectors.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"

namespace simile {
namespace {

std::span<const float> row_of(const Array<float, 2>& vectors, std::int64_t row) {
  return {vectors.data() + row * vectors.shape(1), static_cast<std::size_t>(vectors.shape(1))};
}

class EuclideanOf : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Dimensions, EuclideanOf, testing::Values(1, 2, 3, 16, 17, 64, 257, 512, 1000),
                         testing::PrintToStringParamName());

TEST_P(EuclideanOf, AgreesWithTheOracle) {
  const auto vectors = hard_vectors(GetParam(), 1);
  const EuclideanMetric metric(vectors.view());
  for (std::int64_t i = 0; i < metric.num_left(); ++i) {
    for (std::int64_t j = 0; j < metric.num_right(); ++j) {
      const double expected = oracle_euclidean(row_of(vectors, i), row_of(vectors, j));
      ASSERT_NEAR(metric.exact(i, j), expected, 1e-13 * std::fabs(expected)) << i << ", " << j;
    }
  }
}

TEST_P(EuclideanOf, IsTheSameAtEveryLevelAndSymmetric) {
  const auto vectors = hard_vectors(GetParam(), 2);
  check_exact_everywhere(EuclideanMetric(vectors.view()), true);
}

TEST_P(EuclideanOf, KeepsItsIntervals) {
  IntervalUse use;
  for (int round = 0; round < 4 * kAttackRounds; ++round) {
    const auto vectors = hard_vectors(GetParam(), 100 + static_cast<std::uint64_t>(round));
    check_intervals(EuclideanMetric(vectors.view()), use);
  }
  EXPECT_LE(use.worst, 1);
  RecordProperty("pairs", std::to_string(use.pairs));
  RecordProperty("worst_use", std::to_string(use.worst));
}

class EuclideanOfFew : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Dimensions, EuclideanOfFew, testing::Values(1, 2, 17, 257), testing::PrintToStringParamName());

TEST_P(EuclideanOfFew, NeverLosesAPairThatReachesTheFloor) {
  const auto vectors = hard_vectors(GetParam(), 3);
  check_floors(EuclideanMetric(vectors.view()));
}

// Where products hardly count, what norms and the definition round is all there is.
TEST(Euclidean, KeepsItsIntervalsWhereOneRowIsMuchShorter) {
  IntervalUse use;
  Random random(4);
  for (int exponent = 36; exponent < 56; ++exponent) {
    Array<float, 2> vectors({16, 100});
    for (std::int64_t k = 0; k < vectors.size(); ++k) {
      const auto value = static_cast<float>(random.uniform() - 0.3);
      vectors.data()[k] = k / 100 % 2 == 0 ? value : std::ldexp(value, -exponent);
    }
    check_intervals(EuclideanMetric(vectors.view()), use);
  }
  RecordProperty("worst_use", std::to_string(use.worst));
}

// Through both screens: clusters far apart are decided by bytes, what lies within one by floats or exactly.
TEST(Euclidean, KeepsItsIntervalsAtEveryFloor) {
  const SimdScope scope;
  const auto vectors = clustered_unit_vectors(300, 200, 30, 0.3, 6);
  const EuclideanMetric metric(vectors.view());
  Tile tile;
  tile.rows = tile.cols = {0, metric.num_left()};
  bool by_bytes = false;
  bool by_floats = false;
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    for (const double floor : {-0.05, -0.1, -0.3, -1.0, -1.9, -2.0, -3.0}) {
      Workspace workspace(kPlentyOfMemory);
      std::vector<ScoredPair> scored;
      metric.screen(tile, {.floor = floor}, workspace, scored);
      std::int64_t reached = 0;
      for (const auto& pair : scored) {
        const double truth = metric.exact(pair.left, pair.right);
        ASSERT_LE(pair.low, truth);
        ASSERT_GE(pair.high, truth);
        reached += truth >= floor ? 1 : 0;
        (pair.high - pair.low > 1e-3 ? by_bytes : by_floats) = true;
      }
      std::int64_t expected = 0;
      for (std::int64_t i = 0; i < 300; ++i) {
        for (std::int64_t j = 0; j < 300; ++j) expected += metric.exact(i, j) >= floor ? 1 : 0;
      }
      ASSERT_EQ(reached, expected) << to_string(level) << ", floor " << floor;
    }
  }
  EXPECT_TRUE(by_bytes);
  EXPECT_TRUE(by_floats);
}

TEST(Euclidean, OfIdenticalRowsIsZero) {
  const auto vectors = hard_vectors(77, 5);
  const EuclideanMetric metric(vectors.view());
  EXPECT_EQ(metric.exact(0, 27), 0.0);
  EXPECT_EQ(metric.exact(29, 30), 0.0);
  for (std::int64_t k = 0; k < metric.num_left(); ++k) {
    EXPECT_EQ(metric.exact(k, k), 0.0);
    EXPECT_FALSE(std::signbit(metric.exact(k, k))) << k;
  }
}

TEST(Euclidean, KeepsAllDigitsOfCloseRows) {
  Array<float, 2> vectors({2, 3});
  vectors.view()(0, 1) = 16777216.0F;
  vectors.view()(1, 1) = 16777218.0F;
  vectors.view()(1, 2) = 0x1p-10F;
  EXPECT_EQ(EuclideanMetric(vectors.view()).exact(0, 1), -(4 + 0x1p-20));
}

TEST(Euclidean, ComparesTwoSetsAsOne) {
  const auto vectors = hard_vectors(33, 8);
  const auto left = vectors.view();
  auto right = left;
  right.data += 7 * right.stride[0];
  right.shape[0] -= 7;
  const EuclideanMetric one(left);
  const EuclideanMetric two(left, right);
  for (std::int64_t i = 0; i < two.num_left(); ++i) {
    for (std::int64_t j = 0; j < two.num_right(); ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 7));
  }
  IntervalUse use;
  check_intervals(two, use);
}

TEST(Euclidean, RefusesBadRowsAndSides) {
  Array<float, 2> vectors({3, 4});
  const Array<float, 2> other({3, 5});
  expect_error(ErrorCode::invalid_argument, "4 and 5 dimensions",
               [&] { EuclideanMetric(vectors.view(), other.view()); });
  vectors.view()(1, 3) = std::numeric_limits<float>::infinity();
  expect_error(ErrorCode::invalid_argument, "row 1 holds NaN", [&] { EuclideanMetric{vectors.view()}; });
}

}  // namespace
}  // namespace simile
