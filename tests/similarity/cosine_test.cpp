// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/cosine.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/expect_error.hpp"
#include "similarity/hard_vectors.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"

#include "simile/core/npy.hpp"
#include "simile/core/random.hpp"

namespace simile {
namespace {

std::span<const float> row_of(const Array<float, 2>& vectors, std::int64_t row) {
  return {vectors.data() + row * vectors.shape(1), static_cast<std::size_t>(vectors.shape(1))};
}

class CosineOf : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Dimensions, CosineOf,
                         testing::Values(1, 2, 3, 15, 16, 17, 64, 255, 256, 257, 512, 513, 1000, 4096),
                         testing::PrintToStringParamName());

TEST_P(CosineOf, AgreesWithTheOracle) {
  const auto vectors = hard_vectors(GetParam(), 1);
  const CosineMetric metric(vectors.view());
  for (std::int64_t i = 0; i < metric.num_left(); ++i) {
    for (std::int64_t j = 0; j < metric.num_right(); ++j) {
      const double expected = oracle_cosine(row_of(vectors, i), row_of(vectors, j));
      if (std::isinf(expected)) {
        ASSERT_EQ(metric.exact(i, j), expected);
      } else {
        ASSERT_NEAR(metric.exact(i, j), expected, 1e-13) << i << ", " << j;
      }
    }
  }
}

TEST_P(CosineOf, IsTheSameAtEveryLevelAndSymmetric) {
  const auto vectors = hard_vectors(GetParam(), 2);
  check_exact_everywhere(CosineMetric(vectors.view()), true);
}

TEST_P(CosineOf, KeepsItsIntervals) {
  IntervalUse use;
  for (int round = 0; round < 4 * kAttackRounds; ++round) {
    const auto vectors = hard_vectors(GetParam(), 100 + static_cast<std::uint64_t>(round));
    check_intervals(CosineMetric(vectors.view()), use);
  }
  EXPECT_LE(use.worst, 1);
  RecordProperty("pairs", std::to_string(use.pairs));
  RecordProperty("worst_use", std::to_string(use.worst));
}

class CosineOfFew : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Dimensions, CosineOfFew, testing::Values(1, 2, 17, 257), testing::PrintToStringParamName());

TEST_P(CosineOfFew, NeverLosesAPairThatReachesTheFloor) {
  const auto vectors = hard_vectors(GetParam(), 3);
  check_floors(CosineMetric(vectors.view()));
}

constexpr std::int64_t kFew = 8;  // fewer rows are evaluated exactly

// Equal values v / |v| = 1 / sqrt(d) all round the same way: the largest error that quantisation can make.
TEST(Cosine, KeepsItsIntervalsWhereAllValuesRoundTheSameWay) {
  IntervalUse use;
  for (std::int64_t d = 1; d <= 700; ++d) {
    Array<float, 2> vectors({kFew, d});
    for (std::int64_t k = 0; k < kFew * d; ++k) vectors.data()[k] = 1;
    check_intervals(CosineMetric(vectors.view()), use);
  }
  RecordProperty("worst_use", std::to_string(use.worst));
}

// Changes single values for as long as the error grows.
TEST(Cosine, KeepsItsIntervalsUnderHillClimbing) {
  IntervalUse use;
  for (std::uint64_t seed = 0; seed < static_cast<std::uint64_t>(2 * kAttackRounds); ++seed) {
    Random random(seed);
    const std::int64_t d = 3 + static_cast<std::int64_t>(random.below(30));
    Array<float, 2> vectors({kFew, d});
    for (std::int64_t k = 0; k < kFew * d; ++k) vectors.data()[k] = static_cast<float>(random.uniform());
    double best = 0;
    for (int step = 0; step < 1500; ++step) {
      float& value = vectors.data()[random.below(static_cast<std::uint64_t>(kFew * d))];
      const float before = value;
      value = static_cast<float>(random.uniform() - (seed % 2 == 0 ? 0 : 0.5));
      IntervalUse now;
      check_intervals(CosineMetric(vectors.view()), now);
      if (now.worst < best) value = before;
      best = std::max(best, now.worst);
    }
    use.worst = std::max(use.worst, best);
  }
  RecordProperty("worst_use", std::to_string(use.worst));
}

#if defined(__x86_64__)
// Python programs may have the processor flush subnormal results; the band holds for that, too.
TEST(Cosine, KeepsItsIntervalsWhenResultsAreFlushed) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8000U);
  IntervalUse use;
  for (const std::int64_t d : {1, 16, 300}) {
    const auto vectors = hard_vectors(d, 7);
    check_intervals(CosineMetric(vectors.view()), use);
  }
  _mm_setcsr(before);
}
#endif

TEST(Cosine, OfIdenticalRowsIsExactlyOne) {
  const auto vectors = hard_vectors(77, 5);
  const CosineMetric metric(vectors.view());
  EXPECT_EQ(metric.exact(0, 27), 1.0);
  for (std::int64_t k = 0; k < metric.num_left(); ++k) {
    EXPECT_EQ(metric.exact(k, k), k == 29 || k == 30 ? -kInfinity : 1.0) << k;
  }
}

TEST(Cosine, OfAZeroRowIsAlikeToNothing) {
  const auto vectors = hard_vectors(5, 5);
  const CosineMetric metric(vectors.view());
  for (std::int64_t k = 0; k < metric.num_left(); ++k) {
    EXPECT_EQ(metric.exact(29, k), -kInfinity);
    EXPECT_EQ(metric.exact(k, 30), -kInfinity);
  }
}

TEST(Cosine, StaysBetweenMinusOneAndOne) {
  const auto vectors = hard_vectors(19, 6);
  const CosineMetric metric(vectors.view());
  EXPECT_LE(metric.exact(0, 28), 1.0);
  EXPECT_GE(metric.exact(0, 28), 1 - 1e-7);
  EXPECT_EQ(metric.exact(0, 17), -1.0);
}

TEST(Cosine, ComparesTwoSetsAsOne) {
  const auto vectors = hard_vectors(33, 8);
  const auto left = vectors.view();
  auto right = left;
  right.data += 7 * right.stride[0];
  right.shape[0] -= 7;
  const CosineMetric one(left);
  const CosineMetric two(left, right);
  for (std::int64_t i = 0; i < two.num_left(); ++i) {
    for (std::int64_t j = 0; j < two.num_right(); ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 7));
  }
  IntervalUse use;
  check_intervals(two, use);
}

TEST(Cosine, RefusesBadRowsByNumber) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    Array<float, 2> vectors({3, 4});
    const Array<float, 2> good({2, 4});
    vectors.view()(2, 3) = bad;
    expect_error(ErrorCode::invalid_argument, "row 2 holds NaN", [&] { CosineMetric{vectors.view()}; });
    expect_error(ErrorCode::invalid_argument, "row 2 holds NaN", [&] { CosineMetric(good.view(), vectors.view()); });
  }
}

TEST(Cosine, RefusesSidesThatDoNotFit) {
  const Array<float, 2> a({3, 4});
  const Array<float, 2> b({3, 5});
  const Array<float, 2> none({3, 0});
  expect_error(ErrorCode::invalid_argument, "4 and 5 dimensions", [&] { CosineMetric(a.view(), b.view()); });
  expect_error(ErrorCode::invalid_argument, "0 and 0 dimensions", [&] { CosineMetric{none.view()}; });
}

}  // namespace
}  // namespace simile
