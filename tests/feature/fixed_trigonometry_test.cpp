// SPDX-License-Identifier: Apache-2.0
#include "feature/fixed_trigonometry.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "simile/core/random.hpp"

namespace simile {
namespace {

// Evaluated by the compiler: neither the machine nor its C library has a say.
static_assert(sin_pi(0.0) == 0.0);
static_assert(sin_pi(0.5) == 1.0);
static_assert(sin_pi(1.0) == 0.0);
static_assert(sin_pi(0.25) == 0x1.6a09e667f3bccp-1);

TEST(SinPi, IsWithinThreeUnitsInTheLastPlace) {
  Random random(1);
  for (int k = 0; k < 100'000; ++k) {
    const double x = random.uniform();
    const double acute = x > 0.5 ? 1 - x : x;  // exact, where pi * x in long double would not be precise enough
    const long double expected = std::sin(3.14159265358979323846264338327950288L * acute);
    const double unit = std::nextafter(static_cast<double>(expected), 2) - static_cast<double>(expected);
    ASSERT_LE(std::abs(static_cast<double>(sin_pi(x) - expected)), 3 * unit) << x;
  }
}

TEST(SinPi, AtRunTimeEqualsCompileTime) {
  constexpr double kValue = sin_pi(0.3141);
  const volatile double x = 0.3141;
  EXPECT_EQ(sin_pi(x), kValue);
}

}  // namespace
}  // namespace simile
