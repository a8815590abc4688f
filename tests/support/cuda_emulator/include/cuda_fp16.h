// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "cuda_emulator/qualifiers.h"
//
#include "cuda_emulator/rounding.h"
#include "cuda_emulator/vector_types.h"

/// Half precision as 16 bits; every conversion rounds once, to the nearest, ties to even. Arithmetic goes through
/// float, which gives the rounded exact result for + - * / (24 bits are more than twice 11 and two).

namespace simile::emulator {

inline unsigned short half_bits(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto sign = static_cast<unsigned>(bits >> 48) & 0x8000u;
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
  const std::uint64_t fraction = bits & 0xfffffffffffffu;
  if (exponent == 1024 && fraction != 0) return 0x7fff;  // the one NaN that the device makes
  if (exponent > 15) return static_cast<unsigned short>(sign | 0x7c00u);
  if (exponent < -25) return static_cast<unsigned short>(sign);
  // Bits below the last one of the result: 42 for normal numbers, more below 2^-14.
  const int dropped = exponent >= -14 ? 42 : 42 + (-14 - exponent);
  const std::uint64_t significand = fraction | std::uint64_t{1} << 52;
  std::uint64_t kept = significand >> dropped;
  const std::uint64_t rest = significand & ((std::uint64_t{1} << dropped) - 1);
  const std::uint64_t middle = std::uint64_t{1} << (dropped - 1);
  if (rest > middle || (rest == middle && (kept & 1u) != 0)) ++kept;
  // A carry out of the fraction is the next exponent, and beyond the last one infinity.
  const std::uint64_t magnitude = exponent >= -14 ? kept + (static_cast<std::uint64_t>(exponent + 14) << 10) : kept;
  return static_cast<unsigned short>(sign | static_cast<unsigned>(magnitude));
}

inline float half_value(unsigned short bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = bits >> 10 & 31u;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {  // fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  return std::bit_cast<float>(sign | (exponent == 31 ? 255u : exponent + 112u) << 23 | fraction << 13);
}

}  // namespace simile::emulator

struct __half_raw {
  unsigned short x;
};

struct __half {
  __half() = default;
  __half(float value) : bits(::simile::emulator::half_bits(value)) {}
  __half(double value) : bits(::simile::emulator::half_bits(value)) {}
  __half(int value) : bits(::simile::emulator::half_bits(value)) {}
  __half(__half_raw raw) : bits(raw.x) {}
  operator float() const { return ::simile::emulator::half_value(bits); }
  operator __half_raw() const { return {bits}; }
  unsigned short bits;
};
using half = __half;

struct __attribute__((aligned(4))) __half2 {
  __half x, y;
};
using half2 = __half2;

inline __half __double2half(double x) { return __half(x); }
inline __half __float2half(float x) { return __half(x); }
inline __half __float2half_rn(float x) { return __half(x); }
inline float __half2float(__half x) { return x; }
inline unsigned short __half_as_ushort(__half x) { return x.bits; }
inline short __half_as_short(__half x) { return static_cast<short>(x.bits); }
inline __half __ushort_as_half(unsigned short bits) { return __half_raw{bits}; }
inline __half __short_as_half(short bits) { return __half_raw{static_cast<unsigned short>(bits)}; }
inline __half __int2half_rn(int x) { return __half(x); }
inline int __half2int_rn(__half x) { return __float2int_rn(x); }

inline __half2 make_half2(__half x, __half y) { return {x, y}; }
inline __half2 __halves2half2(__half x, __half y) { return {x, y}; }
inline __half2 __half2half2(__half x) { return {x, x}; }
inline __half2 __floats2half2_rn(float x, float y) { return {__half(x), __half(y)}; }
inline __half2 __float22half2_rn(float2 x) { return {__half(x.x), __half(x.y)}; }
inline __half2 __float2half2_rn(float x) { return {__half(x), __half(x)}; }
inline float2 __half22float2(__half2 x) { return {x.x, x.y}; }
inline __half __low2half(__half2 x) { return x.x; }
inline __half __high2half(__half2 x) { return x.y; }
inline float __low2float(__half2 x) { return x.x; }
inline float __high2float(__half2 x) { return x.y; }

inline __half __hadd(__half a, __half b) { return __half(float(a) + float(b)); }
inline __half __hsub(__half a, __half b) { return __half(float(a) - float(b)); }
inline __half __hmul(__half a, __half b) { return __half(float(a) * float(b)); }
inline __half __hdiv(__half a, __half b) { return __half(float(a) / float(b)); }
inline __half __hneg(__half a) { return __half_raw{static_cast<unsigned short>(a.bits ^ 0x8000u)}; }
inline __half __habs(__half a) { return __half_raw{static_cast<unsigned short>(a.bits & 0x7fffu)}; }
inline bool __hisnan(__half a) { return (a.bits & 0x7fffu) > 0x7c00u; }
inline int __hisinf(__half a) { return a.bits == 0x7c00u ? 1 : (a.bits == 0xfc00u ? -1 : 0); }
inline bool __heq(__half a, __half b) { return float(a) == float(b); }
inline bool __hlt(__half a, __half b) { return float(a) < float(b); }
inline bool __hle(__half a, __half b) { return float(a) <= float(b); }
inline bool __hgt(__half a, __half b) { return float(a) > float(b); }
inline bool __hge(__half a, __half b) { return float(a) >= float(b); }
inline __half2 __hadd2(__half2 a, __half2 b) { return {__hadd(a.x, b.x), __hadd(a.y, b.y)}; }
inline __half2 __hsub2(__half2 a, __half2 b) { return {__hsub(a.x, b.x), __hsub(a.y, b.y)}; }
inline __half2 __hmul2(__half2 a, __half2 b) { return {__hmul(a.x, b.x), __hmul(a.y, b.y)}; }
