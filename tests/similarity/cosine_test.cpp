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

/// Rows that press where rounding is worst: one large and many tiny values, one sign, cancelling, huge, tiny, equal.
Array<float, 2> hard_vectors(std::int64_t d, std::uint64_t seed) {
  Array<float, 2> vectors({36, d});
  Random random(seed);
  const auto noise = [&] { return static_cast<float>(2 * random.uniform() - 1); };
  const auto scale = [&](float base, int exponent) { return std::ldexp(base, exponent); };
  const auto x = vectors.view();
  for (std::int64_t k = 0; k < d; ++k) {
    const bool odd = k % 2 != 0;
    x(0, k) = noise();
    x(1, k) = noise();
    x(2, k) = std::fabs(noise());
    x(3, k) = std::fabs(noise()) + 1;
    x(4, k) = 1;
    x(5, k) = odd ? -1.0F : 1.0F;
    x(6, k) = k == 0 ? 1.0F : 0x1p-12F;         // squares just below half a unit in the last place of 1
    x(7, k) = k == 0 ? 1.0F : 0x1.7p-12F;       // and just above
    x(8, k) = k == d - 1 ? 1.0F : 0x1.6ap-13F;  // tiny first, large last
    x(9, k) = k == d / 2 ? -1.0F : 0x1.6ap-6F;
    x(10, k) = scale(noise(), 120);
    x(11, k) = scale(noise(), -120);
    x(12, k) = scale(noise(), -140);  // subnormal
    x(13, k) = scale(noise(), static_cast<int>(random.below(40)) - 20);
    x(14, k) = half_to_float(static_cast<std::uint16_t>(random.below(0x7c00)));
    x(15, k) = half_to_float(static_cast<std::uint16_t>(random.below(0x7c00) | (random.below(2) << 15)));
    x(16, k) = std::nextafter(x(0, k), 2.0F);  // almost row 0
    x(17, k) = -x(0, k);
    x(18, k) = odd ? -x(3, k - 1) : x(3, k);  // with row 4: cancels in pairs
    x(19, k) = x(3, k) * (odd ? -1.0F : 1.0F);
    x(20, k) = 0x1.000002p0F;
    x(21, k) = 0x1.fffffep-1F * (k % 3 == 0 ? 1.0F : -0.5F);
    x(22, k) = k == 0 ? std::numeric_limits<float>::max() : noise();
    x(23, k) = std::numeric_limits<float>::max();
    x(24, k) = std::numeric_limits<float>::denorm_min();
    x(25, k) = k == 0 ? 1.0F : scale(noise(), -80);  // products underflow
    x(26, k) = k == 0 ? -1.0F : scale(noise(), -70);
    x(27, k) = x(0, k);
    x(28, k) = 3 * x(0, k);
    x(29, k) = 0;
    x(30, k) = odd ? 0.0F : -0.0F;
    x(31, k) = k < d / 2 ? 1.0F : 0x1p-13F;
    x(32, k) = k < d / 2 ? 0x1p-13F : -1.0F;
    x(33, k) = static_cast<float>(k % 7) - 3;
    x(34, k) = k == d - 1 ? 1.0F : 0;
    x(35, k) = 1.0F / static_cast<float>(k + 1);
  }
  return vectors;
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

// Equal values v / |v| = 1 / sqrt(d) all round the same way: the largest error that quantisation can make.
TEST(Cosine, KeepsItsIntervalsWhereAllValuesRoundTheSameWay) {
  IntervalUse use;
  for (std::int64_t d = 1; d <= 700; ++d) {
    Array<float, 2> vectors({2, d});
    for (std::int64_t k = 0; k < d; ++k) vectors.view()(0, k) = vectors.view()(1, k) = 1;
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
    Array<float, 2> vectors({2, d});
    for (std::int64_t k = 0; k < 2 * d; ++k) vectors.data()[k] = static_cast<float>(random.uniform());
    double best = 0;
    for (int step = 0; step < 1500; ++step) {
      float& value = vectors.data()[random.below(static_cast<std::uint64_t>(2 * d))];
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
