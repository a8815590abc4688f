// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

/// Arithmetic with a stated rounding: _rn to the nearest (ties to even), _rz to zero, _ru up, _rd down. Those that are
/// not to the nearest are in rounding.cpp, which is compiled for changing modes.

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __frsqrt_rn(float a) { return static_cast<float>(1.0L / std::sqrt(static_cast<long double>(a))); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __drcp_rn(double a) { return 1.0 / a; }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline double __int2double_rn(int x) { return x; }
inline double __uint2double_rn(unsigned x) { return x; }
inline double __ll2double_rn(long long x) { return static_cast<double>(x); }

namespace simile::emulator {
/// As the device converts: a NaN gives 0 (the largest negative for 64 bits), what is out of range the nearest end.
template <class To, class From>
To saturating(From x, To nan) {
  using Limits = std::numeric_limits<To>;
  if (x != x) return nan;
  if (x >= std::ldexp(From(1), Limits::digits)) return Limits::max();
  if (x <= static_cast<From>(Limits::min())) return Limits::min();
  return static_cast<To>(x);
}
}  // namespace simile::emulator

inline int __float2int_rn(float x) { return ::simile::emulator::saturating<int>(std::nearbyint(x), 0); }
inline int __float2int_rz(float x) { return ::simile::emulator::saturating<int>(std::trunc(x), 0); }
inline int __float2int_ru(float x) { return ::simile::emulator::saturating<int>(std::ceil(x), 0); }
inline int __float2int_rd(float x) { return ::simile::emulator::saturating<int>(std::floor(x), 0); }
inline unsigned __float2uint_rn(float x) { return ::simile::emulator::saturating<unsigned>(std::nearbyint(x), 0u); }
inline unsigned __float2uint_rz(float x) { return ::simile::emulator::saturating<unsigned>(std::trunc(x), 0u); }
inline unsigned __float2uint_ru(float x) { return ::simile::emulator::saturating<unsigned>(std::ceil(x), 0u); }
inline unsigned __float2uint_rd(float x) { return ::simile::emulator::saturating<unsigned>(std::floor(x), 0u); }
inline long long __float2ll_rn(float x) {
  return ::simile::emulator::saturating<long long>(std::nearbyint(x), std::numeric_limits<long long>::min());
}
inline long long __float2ll_rz(float x) {
  return ::simile::emulator::saturating<long long>(std::trunc(x), std::numeric_limits<long long>::min());
}
inline long long __float2ll_ru(float x) {
  return ::simile::emulator::saturating<long long>(std::ceil(x), std::numeric_limits<long long>::min());
}
inline long long __float2ll_rd(float x) {
  return ::simile::emulator::saturating<long long>(std::floor(x), std::numeric_limits<long long>::min());
}
inline unsigned long long __float2ull_rn(float x) {
  return ::simile::emulator::saturating<unsigned long long>(std::nearbyint(x), 1ull << 63);
}
inline unsigned long long __float2ull_rz(float x) {
  return ::simile::emulator::saturating<unsigned long long>(std::trunc(x), 1ull << 63);
}
inline unsigned long long __float2ull_ru(float x) {
  return ::simile::emulator::saturating<unsigned long long>(std::ceil(x), 1ull << 63);
}
inline unsigned long long __float2ull_rd(float x) {
  return ::simile::emulator::saturating<unsigned long long>(std::floor(x), 1ull << 63);
}
inline int __double2int_rn(double x) { return ::simile::emulator::saturating<int>(std::nearbyint(x), 0); }
inline int __double2int_rz(double x) { return ::simile::emulator::saturating<int>(std::trunc(x), 0); }
inline int __double2int_ru(double x) { return ::simile::emulator::saturating<int>(std::ceil(x), 0); }
inline int __double2int_rd(double x) { return ::simile::emulator::saturating<int>(std::floor(x), 0); }
inline unsigned __double2uint_rn(double x) { return ::simile::emulator::saturating<unsigned>(std::nearbyint(x), 0u); }
inline unsigned __double2uint_rz(double x) { return ::simile::emulator::saturating<unsigned>(std::trunc(x), 0u); }
inline unsigned __double2uint_ru(double x) { return ::simile::emulator::saturating<unsigned>(std::ceil(x), 0u); }
inline unsigned __double2uint_rd(double x) { return ::simile::emulator::saturating<unsigned>(std::floor(x), 0u); }
inline long long __double2ll_rn(double x) {
  return ::simile::emulator::saturating<long long>(std::nearbyint(x), std::numeric_limits<long long>::min());
}
inline long long __double2ll_rz(double x) {
  return ::simile::emulator::saturating<long long>(std::trunc(x), std::numeric_limits<long long>::min());
}
inline long long __double2ll_ru(double x) {
  return ::simile::emulator::saturating<long long>(std::ceil(x), std::numeric_limits<long long>::min());
}
inline long long __double2ll_rd(double x) {
  return ::simile::emulator::saturating<long long>(std::floor(x), std::numeric_limits<long long>::min());
}
inline unsigned long long __double2ull_rn(double x) {
  return ::simile::emulator::saturating<unsigned long long>(std::nearbyint(x), 1ull << 63);
}
inline unsigned long long __double2ull_rz(double x) {
  return ::simile::emulator::saturating<unsigned long long>(std::trunc(x), 1ull << 63);
}
inline unsigned long long __double2ull_ru(double x) {
  return ::simile::emulator::saturating<unsigned long long>(std::ceil(x), 1ull << 63);
}
inline unsigned long long __double2ull_rd(double x) {
  return ::simile::emulator::saturating<unsigned long long>(std::floor(x), 1ull << 63);
}

float __fadd_rz(float a, float b);
float __fsub_rz(float a, float b);
float __fmul_rz(float a, float b);
float __fdiv_rz(float a, float b);
float __frcp_rz(float a);
float __fsqrt_rz(float a);
double __dadd_rz(double a, double b);
double __dsub_rz(double a, double b);
double __dmul_rz(double a, double b);
double __ddiv_rz(double a, double b);
double __drcp_rz(double a);
double __dsqrt_rz(double a);
float __fmaf_rz(float a, float b, float c);
double __fma_rz(double a, double b, double c);
float __double2float_rz(double x);
float __int2float_rz(int x);
float __ll2float_rz(long long x);
double __ll2double_rz(long long x);
float __fadd_ru(float a, float b);
float __fsub_ru(float a, float b);
float __fmul_ru(float a, float b);
float __fdiv_ru(float a, float b);
float __frcp_ru(float a);
float __fsqrt_ru(float a);
double __dadd_ru(double a, double b);
double __dsub_ru(double a, double b);
double __dmul_ru(double a, double b);
double __ddiv_ru(double a, double b);
double __drcp_ru(double a);
double __dsqrt_ru(double a);
float __fmaf_ru(float a, float b, float c);
double __fma_ru(double a, double b, double c);
float __double2float_ru(double x);
float __int2float_ru(int x);
float __ll2float_ru(long long x);
double __ll2double_ru(long long x);
float __fadd_rd(float a, float b);
float __fsub_rd(float a, float b);
float __fmul_rd(float a, float b);
float __fdiv_rd(float a, float b);
float __frcp_rd(float a);
float __fsqrt_rd(float a);
double __dadd_rd(double a, double b);
double __dsub_rd(double a, double b);
double __dmul_rd(double a, double b);
double __ddiv_rd(double a, double b);
double __drcp_rd(double a);
double __dsqrt_rd(double a);
float __fmaf_rd(float a, float b, float c);
double __fma_rd(double a, double b, double c);
float __double2float_rd(double x);
float __int2float_rd(int x);
float __ll2float_rd(long long x);
double __ll2double_rd(long long x);
