// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include <math.h>
#include <stdlib.h>

#include "cuda_emulator/vector_types.h"

/// Functions of one thread: bits, small dot products, reinterpretation, min and max. Rounded arithmetic is in
/// rounding.h.

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return std::countl_zero(static_cast<unsigned long long>(x)); }
inline unsigned __brev(unsigned x) {
  unsigned result = 0;
  for (int bit = 0; bit < 32; ++bit) result |= ((x >> bit) & 1u) << (31 - bit);
  return result;
}
inline unsigned long long __brevll(unsigned long long x) {
  return static_cast<unsigned long long>(__brev(static_cast<unsigned>(x))) << 32 |
         __brev(static_cast<unsigned>(x >> 32));
}

inline int __dp4a(int a, int b, int c) {
  auto sum = static_cast<unsigned>(c);
  for (int byte = 0; byte < 32; byte += 8) {
    sum += static_cast<unsigned>(static_cast<std::int8_t>(a >> byte) * static_cast<std::int8_t>(b >> byte));
  }
  return static_cast<int>(sum);
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
  for (int byte = 0; byte < 32; byte += 8) c += ((a >> byte) & 255u) * ((b >> byte) & 255u);
  return c;
}
inline unsigned __vabsdiffu4(unsigned a, unsigned b) {
  unsigned result = 0;
  for (int byte = 0; byte < 32; byte += 8) {
    const unsigned x = (a >> byte) & 255u;
    const unsigned y = (b >> byte) & 255u;
    result |= (x > y ? x - y : y - x) << byte;
  }
  return result;
}
inline unsigned __vsadu4(unsigned a, unsigned b) { return __dp4a(__vabsdiffu4(a, b), 0x01010101u, 0u); }
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
  unsigned result = 0;
  for (int byte = 0; byte < 4; ++byte) {
    const unsigned choice = selector >> (4 * byte);
    result |= static_cast<unsigned>((bytes >> (8 * (choice & 7u))) & 255u) << (8 * byte);
  }
  return result;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
  return static_cast<unsigned>((both << (shift & 31u)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
  return static_cast<unsigned>(both >> (shift & 31u));
}
inline int __mulhi(int a, int b) { return static_cast<int>((static_cast<long long>(a) * b) >> 32); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
}
__extension__ typedef unsigned __int128 simile_emulated_uint128;
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>((static_cast<simile_emulated_uint128>(a) * b) >> 64);
}

inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
inline double __hiloint2double(int high, int low) {
  return std::bit_cast<double>(static_cast<unsigned long long>(static_cast<unsigned>(high)) << 32 |
                               static_cast<unsigned>(low));
}
inline int __double2hiint(double x) { return static_cast<int>(std::bit_cast<long long>(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(std::bit_cast<long long>(x)); }

namespace simile::emulator {
/// x, up to two units in the last place off, by a hash of its bits: as wrong as the manual allows approximations.
inline float approximate(float x) {
  const unsigned bits = __float_as_uint(x);
  const unsigned exponent = bits >> 23 & 255u;
  if (exponent == 0 || exponent == 255) return x;
  return __uint_as_float(bits + (bits * 2654435761u >> 16) % 5 - 2);
}
}  // namespace simile::emulator

inline float rsqrtf(float x) {
  return ::simile::emulator::approximate(static_cast<float>(1.0 / sqrt(static_cast<double>(x))));
}
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
/// Zero for divisors beyond 2^126, as the device's.
inline float __fdividef(float a, float b) {
  if (fabsf(b) > 0x1p126f && fabsf(b) <= std::numeric_limits<float>::max()) return a * 0.0f;
  return ::simile::emulator::approximate(a / b);
}
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
template <class T>
void __prefetch_global_l2(const T*) {}

/// The overloads of the device: mixed signs become unsigned, floating point ignores a NaN.
#define SIMILE_EMULATED_MIN_MAX(result, left, right)                                                          \
  constexpr result min(left a, right b) {                                                                     \
    return static_cast<result>(b) < static_cast<result>(a) ? static_cast<result>(b) : static_cast<result>(a); \
  }                                                                                                           \
  constexpr result max(left a, right b) {                                                                     \
    return static_cast<result>(a) < static_cast<result>(b) ? static_cast<result>(b) : static_cast<result>(a); \
  }
#define SIMILE_EMULATED_MIN_MAX_OF(kind)                               \
  SIMILE_EMULATED_MIN_MAX(kind, kind, kind)                            \
  SIMILE_EMULATED_MIN_MAX(unsigned kind, unsigned kind, unsigned kind) \
  SIMILE_EMULATED_MIN_MAX(unsigned kind, kind, unsigned kind)          \
  SIMILE_EMULATED_MIN_MAX(unsigned kind, unsigned kind, kind)
SIMILE_EMULATED_MIN_MAX_OF(int)
SIMILE_EMULATED_MIN_MAX_OF(long)
SIMILE_EMULATED_MIN_MAX_OF(long long)
#undef SIMILE_EMULATED_MIN_MAX_OF
#undef SIMILE_EMULATED_MIN_MAX
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(float a, double b) { return fmin(static_cast<double>(a), b); }
inline double min(double a, float b) { return fmin(a, static_cast<double>(b)); }
inline double max(float a, double b) { return fmax(static_cast<double>(a), b); }
inline double max(double a, float b) { return fmax(a, static_cast<double>(b)); }
