// SPDX-License-Identifier: Apache-2.0
// Half precision, rounded arithmetic, functions of bits.
#include <cfloat>
#include <cmath>
#include <limits>
#include <random>

#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

namespace simile::emulator {
namespace {

/// By the definition of the format.
double value_of_half(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31u);
  const int fraction = static_cast<int>(bits & 1023u);
  const double sign = (bits & 0x8000u) != 0 ? -1.0 : 1.0;
  if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

TEST(EmulatedHalf, AllBitPatternsAreTheirValuesAndComeBack) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const __half half = __ushort_as_half(static_cast<unsigned short>(bits));
    const double value = value_of_half(bits);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(__half2float(half)));
      EXPECT_TRUE(__hisnan(__float2half_rn(__half2float(half))));
      continue;
    }
    ASSERT_EQ(static_cast<double>(__half2float(half)), value) << bits;
    ASSERT_EQ(std::signbit(__half2float(half)), std::signbit(value)) << bits;
    ASSERT_EQ(__half_as_ushort(__float2half_rn(static_cast<float>(value))), bits);
    ASSERT_EQ(__half_as_ushort(__double2half(value)), bits);
  }
}

TEST(EmulatedHalf, RoundsOnceToTheNearestWithTiesToEven) {
  // Between each two neighbours: the middle, and what is just beside it (in double: a second rounding would lose it).
  for (unsigned bits = 0; bits < 0x7c00; ++bits) {
    const double low = value_of_half(bits);
    const double high = bits == 0x7bff ? 65536.0 : value_of_half(bits + 1);
    const double middle = low + (high - low) / 2;
    const unsigned even = bits % 2 == 0 ? bits : bits + 1;
    for (const unsigned sign : {0u, 0x8000u}) {
      const double s = sign == 0 ? 1.0 : -1.0;
      ASSERT_EQ(__half_as_ushort(__double2half(s * middle)), sign | even) << bits;
      ASSERT_EQ(__half_as_ushort(__float2half_rn(static_cast<float>(s * middle))), sign | even) << bits;
      ASSERT_EQ(__half_as_ushort(__double2half(s * std::nextafter(middle, 0))), sign | bits) << bits;
      ASSERT_EQ(__half_as_ushort(__double2half(s * std::nextafter(middle, 1e9))), sign | (bits + 1)) << bits;
    }
  }
  EXPECT_EQ(__half_as_ushort(__double2half(1e300)), 0x7c00);
  EXPECT_EQ(__half_as_ushort(__double2half(-HUGE_VAL)), 0xfc00);
  EXPECT_EQ(__half_as_ushort(__double2half(5e-324)), 0);
  EXPECT_EQ(__half_as_ushort(__double2half(-0.0)), 0x8000);
  EXPECT_EQ(__half_as_ushort(__double2half(0x1p-25)), 0);
  EXPECT_EQ(__half_as_ushort(__double2half(std::nan(""))), 0x7fff);
}

TEST(EmulatedHalf, PairsAndArithmetic) {
  const __half2 pair = __floats2half2_rn(1.5f, -2.25f);
  EXPECT_EQ(__low2float(pair), 1.5f);
  EXPECT_EQ(__half22float2(pair).y, -2.25f);
  EXPECT_EQ(__half2float(__hadd(__float2half(2048.0f), __float2half(1.0f))), 2048.0f);
  EXPECT_EQ(__half2float(__hmul(__float2half(1.5f), __float2half(-3.0f))), -4.5f);
  EXPECT_TRUE(__hlt(__float2half(1.0f), __float2half(2.0f)));
}

TEST(EmulatedRounding, DirectedRoundingsAreTheNeighboursOfTheExactResult) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> draw(-4.0, 4.0);
  for (int i = 0; i < 20000; ++i) {
    const auto a = static_cast<float>(draw(random));
    const auto b = static_cast<float>(std::ldexp(draw(random), i % 5));
    const double product = static_cast<double>(a) * b;  // exact
    EXPECT_LE(__fmul_rd(a, b), product);
    EXPECT_GE(__fmul_ru(a, b), product);
    EXPECT_LE(std::nextafter(__fmul_rd(a, b), FLT_MAX), __fmul_ru(a, b) + FLT_MIN + std::fabs(__fmul_ru(a, b)) * 2e-7f);
    EXPECT_LE(std::fabs(__fmul_rz(a, b)), std::fabs(product));
    const double sum = static_cast<double>(a) + b;  // exact: the exponents are near
    EXPECT_LE(__fadd_rd(a, b), sum);
    EXPECT_GE(__fadd_ru(a, b), sum);
    EXPECT_TRUE(__fadd_ru(a, b) == __fadd_rd(a, b) || std::nextafter(__fadd_rd(a, b), FLT_MAX) == __fadd_ru(a, b));
    const double x = draw(random);
    EXPECT_LE(__double2float_rd(x), x);
    EXPECT_GE(__double2float_ru(x), x);
    EXPECT_EQ(std::nextafter(__double2float_rd(x), FLT_MAX), __double2float_ru(x));
    EXPECT_LE(std::fabs(__double2float_rz(x)), std::fabs(x));
    EXPECT_GE(static_cast<long double>(__dmul_ru(x, x)), static_cast<long double>(x) * x);
    EXPECT_LE(static_cast<long double>(__dmul_rd(x, x)), static_cast<long double>(x) * x);
    EXPECT_EQ(__fmaf_rn(a, b, -static_cast<float>(product)), static_cast<float>(product - static_cast<float>(product)));
  }
  EXPECT_EQ(__double2float_ru(1e300), HUGE_VALF);
  EXPECT_EQ(__double2float_rd(1e300), FLT_MAX);
  EXPECT_EQ(__double2float_ru(1e-300), std::numeric_limits<float>::denorm_min());
}

TEST(EmulatedRounding, FloatsBecomeIntegersAsOnTheDevice) {
  EXPECT_EQ(__float2int_rn(2.5f), 2);
  EXPECT_EQ(__float2int_rn(-3.5f), -4);
  EXPECT_EQ(__float2int_rd(-0.5f), -1);
  EXPECT_EQ(__float2int_ru(0.5f), 1);
  EXPECT_EQ(__float2int_rz(-7.9f), -7);
  EXPECT_EQ(__float2int_rn(3e9f), 2147483647);
  EXPECT_EQ(__float2int_rn(-3e9f), -2147483647 - 1);
  EXPECT_EQ(__float2int_rn(std::nanf("")), 0);
  EXPECT_EQ(__float2uint_rn(-1.0f), 0u);
  EXPECT_EQ(__float2uint_rn(3e9f), 3000000000u);
  EXPECT_EQ(__double2ll_rn(1e300), std::numeric_limits<long long>::max());
}

TEST(EmulatedBits, FunctionsOfBits) {
  EXPECT_EQ(__popc(0xf00fu), 8);
  EXPECT_EQ(__popcll(~0ull), 64);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__ffsll(1ll << 40), 41);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clzll(1), 63);
  EXPECT_EQ(__brev(0x80000001u), 0x80000001u);
  EXPECT_EQ(__brev(2u), 0x40000000u);
  EXPECT_EQ(__dp4a(0x01ff0280, 0x02030405, 10), 10 + 2 - 3 + 8 - 128 * 5);
  EXPECT_EQ(__dp4a(0x01ff0280u, 0x02030405u, 10u), 10u + 2 + 255 * 3 + 8 + 128 * 5);
  EXPECT_EQ(__vabsdiffu4(0x00ff1020u, 0x01001121u), 0x01ff0101u);
  EXPECT_EQ(__byte_perm(0x33221100u, 0x77665544u, 0x7405u), 0x77440055u);
  EXPECT_EQ(__funnelshift_l(0x80000000u, 1u, 1u), 3u);
  EXPECT_EQ(__funnelshift_r(0u, 1u, 1u), 0x80000000u);
  EXPECT_EQ(__funnelshift_r(5u, 6u, 32u), 5u);
  EXPECT_EQ(__umulhi(1u << 31, 6u), 3u);
  EXPECT_EQ(__umul64hi(1ull << 63, 6u), 3u);
  EXPECT_EQ(__uint_as_float(0x3f800000u), 1.0f);
  EXPECT_EQ(__double_as_longlong(__longlong_as_double(77)), 77);
  EXPECT_EQ(min(3, 2u), 2u);
  EXPECT_EQ(max(-1, 2u), ~0u);
  EXPECT_EQ(max(1.0f, std::nanf("")), 1.0f);
  EXPECT_EQ(min(1.5f, 2.5), 1.5);
}

TEST(EmulatedBits, ApproximationsAreOffByNoMoreThanTheManualSays) {
  bool differs = false;
  for (int i = 1; i < 1000; ++i) {
    const auto x = static_cast<float>(i);
    const double exact = 1.0 / std::sqrt(static_cast<double>(x));
    EXPECT_NEAR(rsqrtf(x), exact, 2.5 * std::ldexp(1.0, std::ilogb(exact) - 23));
    differs = differs || rsqrtf(x) != static_cast<float>(exact);
    EXPECT_NEAR(__fdividef(x, 3.0f), x / 3.0, 2.5 * std::ldexp(1.0, std::ilogb(x / 3.0) - 23));
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace simile::emulator
