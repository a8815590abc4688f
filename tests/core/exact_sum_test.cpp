// SPDX-License-Identifier: Apache-2.0
#include "simile/core/exact_sum.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/exact_sum_parts.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kTiny = std::numeric_limits<double>::denorm_min();

double sum_of(const std::vector<double>& terms) {
  ExactSum sum;
  for (const double term : terms) sum.add(term);
  return sum.value();
}

struct SumCase {
  const char* name;
  std::vector<double> terms;
  double expected;
  friend void PrintTo(const SumCase& value, std::ostream* out) { *out << value.name; }
};

class ExactSumOf : public testing::TestWithParam<SumCase> {};

TEST_P(ExactSumOf, IsRoundedOnce) {
  auto terms = GetParam().terms;
  EXPECT_EQ(sum_of(terms), GetParam().expected);
  for (double& term : terms) term = -term;
  EXPECT_EQ(sum_of(terms), -GetParam().expected) << "negated";
}

INSTANTIATE_TEST_SUITE_P(Terms, ExactSumOf,
                         testing::Values(SumCase{"None", {}, 0}, SumCase{"One", {0.1}, 0.1},
                                         SumCase{"Cancelling", {1e308, 1, -1e308}, 1},
                                         SumCase{"BeyondRangeAndBack", {kMax, kMax, -kMax, -kMax, 3}, 3},
                                         SumCase{"Overflow", {kMax, kMax}, kInfinity},
                                         SumCase{"RoundsUpToInfinity", {kMax, 0x1p970}, kInfinity},
                                         SumCase{"StaysBelowInfinity", {kMax, 0x1.fffffffffffffp969}, kMax},
                                         SumCase{"Subnormals", {kTiny, kTiny, kTiny}, 3 * kTiny},
                                         SumCase{"SubnormalsToNormal", {0x1p-1023, 0x1p-1023}, 0x1p-1022},
                                         SumCase{"SubnormalBesideLarge", {1e300, kTiny, -1e300}, kTiny},
                                         SumCase{"TieToEvenDown", {1, 0x1p-53}, 1},
                                         SumCase{"TieToEvenUp", {1 + 0x1p-52, 0x1p-53}, 1 + 0x1p-51},
                                         SumCase{"JustAboveTie", {1, 0x1p-53, kTiny}, 1 + 0x1p-52},
                                         SumCase{"JustBelowTie", {1 + 0x1p-52, 0x1p-53, -kTiny}, 1 + 0x1p-52},
                                         SumCase{"StickyFarBelow", {0x1p1000, 0x1p947, 0x1p-1000}, 0x1p1000 + 0x1p948},
                                         SumCase{"CarriesIntoTheNextPower", {0x1.fffffffffffffp0, 0x1p-53}, 2},
                                         SumCase{"TenTenths", {.1, .1, .1, .1, .1, .1, .1, .1, .1, .1}, 1.0},
                                         SumCase{"BorrowAcrossLimbs", {0x1p64, -kTiny}, 0x1p64},
                                         SumCase{"Infinity", {1, kInfinity, 2}, kInfinity}),
                         [](const auto& given) { return std::string(given.param.name); });

TEST(ExactSum, AddsInfinitiesAndNanAsIeeeSays) {
  EXPECT_TRUE(std::isnan(sum_of({kInfinity, -kInfinity})));
  EXPECT_TRUE(std::isnan(sum_of({1, std::numeric_limits<double>::quiet_NaN(), kInfinity})));
  EXPECT_EQ(sum_of({-kInfinity, kMax, kMax}), -kInfinity);
}

std::vector<double> random_terms(Random& random, int count) {
  std::vector<double> terms;
  while (static_cast<int>(terms.size()) < count) {
    const auto term = std::bit_cast<double>(random.next());
    if (std::isfinite(term) && std::fabs(term) < 1e300) terms.push_back(term);
  }
  return terms;
}

TEST(ExactSum, DoesNotDependOnOrderOrOnHowItIsMerged) {
  Random random(1);
  for (int trial = 0; trial < 50; ++trial) {
    auto terms = random_terms(random, 40);
    const double expected = sum_of(terms);
    for (std::size_t k = terms.size(); k > 1; --k) std::swap(terms[k - 1], terms[random.below(k)]);
    ASSERT_EQ(sum_of(terms), expected);
    std::vector<ExactSum> parts(3);
    for (const double term : terms) parts[random.below(3)].add(term);
    ExactSum merged;
    for (const auto& part : parts) merged.add(part);
    ASSERT_EQ(merged.value(), expected);
    // Merged with its own negative it is nothing.
    ExactSum negative;
    for (const double term : terms) negative.add(-term);
    merged.add(negative);
    ASSERT_EQ(merged.value(), 0);
  }
}

// Sums of two doubles round in hardware exactly as they should; so do sums of similarities held in long double.
TEST(ExactSum, AgreesWithHardwareOnTwoTerms) {
  Random random(2);
  for (int trial = 0; trial < 20000; ++trial) {
    const double a = std::bit_cast<double>(random.next());
    const double near = std::ldexp(random.uniform() - 0.5, static_cast<int>(random.below(120)) - 60);
    const double b = trial % 2 == 0 ? std::bit_cast<double>(random.next()) : a * near;
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    ASSERT_EQ(sum_of({a, b}), a + b) << a << " + " << b;
  }
}

TEST(ExactSum, AgreesWithHardwareOnSubnormals) {
  Random random(3);
  for (int trial = 0; trial < 20000; ++trial) {
    const double a = std::bit_cast<double>(random.next() >> 11 | (trial % 2 == 0 ? 0 : 1ULL << 63));
    const double b = -std::bit_cast<double>(random.next() >> 12);
    ASSERT_EQ(sum_of({a, b}), a + b) << a << " + " << b;
  }
}

TEST(ExactSum, AddsManyTermsOfOneSign) {
  ExactSum sum;
  for (int k = 0; k < 1'000'000; ++k) sum.add(-0.1);
  // A million times the double nearest to 0.1, 0.1 + 5.55e-18: 100000.00000000000555 rounds to 100000.
  EXPECT_EQ(sum.value(), -100000.0);
}

/// As a device adds: limb by limb, without carrying.
TEST(ExactSum, TakesOverWhatWasAddedElsewhere) {
  Random random(9);
  const auto term = [&](int k) { return std::ldexp(2 * random.uniform() - 1, k % 2000 - 1000); };
  ExactSum expected;
  std::array<std::int64_t, ExactSum::kLimbs> limbs{};
  for (int k = 0; k < 4000; ++k) {
    const double value = k % 7 == 0 ? kTiny * k : term(k);
    expected.add(value);
    const SumParts parts = sum_parts(value);
    for (std::size_t i = 0; i < 3; ++i) limbs[static_cast<std::size_t>(parts.limb) + i] += parts.parts[i];
    ASSERT_EQ(ExactSum(limbs, 0).value(), expected.value()) << k;
  }
  EXPECT_EQ(ExactSum(limbs, sum_special(-kInfinity)).value(), -kInfinity);
  EXPECT_EQ(ExactSum(limbs, sum_special(kInfinity)).value(), kInfinity);
  EXPECT_TRUE(std::isnan(ExactSum(limbs, sum_special(kInfinity) | sum_special(-kInfinity)).value()));
  EXPECT_TRUE(std::isnan(ExactSum(limbs, sum_special(std::nan(""))).value()));
}

TEST(ExactSum, CanBeReadAndGoOn) {
  ExactSum sum;
  sum.add(1);
  EXPECT_EQ(sum.value(), 1);
  sum.add(-3);
  EXPECT_EQ(sum.value(), -2);
  EXPECT_EQ(sum.value(), -2);
}

}  // namespace
}  // namespace simile
