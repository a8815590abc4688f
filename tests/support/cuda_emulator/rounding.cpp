// SPDX-License-Identifier: Apache-2.0
// Compiled with -frounding-math (see CMakeLists.txt): every operation below happens between the two changes of mode.
#include "cuda_emulator/rounding.h"

#include <cfenv>

namespace {

template <int kMode, class Function>
auto rounded(Function function) {
  const int before = std::fegetround();
  std::fesetround(kMode);
  volatile auto result = function();
  std::fesetround(before);
  return static_cast<decltype(function())>(result);
}

/// Hides a value from the optimiser, which else computes before the mode is set.
template <class T>
T hidden(T value) {
  volatile T copy = value;
  return copy;
}

}  // namespace

#define SIMILE_EMULATED_ROUNDED(suffix, mode)                                        \
  SIMILE_EMULATED_ROUNDED_OF(f, float, suffix, mode)                                 \
  SIMILE_EMULATED_ROUNDED_OF(d, double, suffix, mode)                                \
  float __fmaf_##suffix(float a, float b, float c) {                                 \
    return rounded<mode>([&] { return std::fma(hidden(a), hidden(b), hidden(c)); }); \
  }                                                                                  \
  double __fma_##suffix(double a, double b, double c) {                              \
    return rounded<mode>([&] { return std::fma(hidden(a), hidden(b), hidden(c)); }); \
  }                                                                                  \
  float __double2float_##suffix(double x) {                                          \
    return rounded<mode>([&] { return static_cast<float>(hidden(x)); });             \
  }                                                                                  \
  float __int2float_##suffix(int x) {                                                \
    return rounded<mode>([&] { return static_cast<float>(hidden(x)); });             \
  }                                                                                  \
  float __ll2float_##suffix(long long x) {                                           \
    return rounded<mode>([&] { return static_cast<float>(hidden(x)); });             \
  }                                                                                  \
  double __ll2double_##suffix(long long x) {                                         \
    return rounded<mode>([&] { return static_cast<double>(hidden(x)); });            \
  }
#define SIMILE_EMULATED_ROUNDED_OF(letter, type, suffix, mode)   \
  type __##letter##add_##suffix(type a, type b) {                \
    return rounded<mode>([&] { return hidden(a) + hidden(b); }); \
  }                                                              \
  type __##letter##sub_##suffix(type a, type b) {                \
    return rounded<mode>([&] { return hidden(a) - hidden(b); }); \
  }                                                              \
  type __##letter##mul_##suffix(type a, type b) {                \
    return rounded<mode>([&] { return hidden(a) * hidden(b); }); \
  }                                                              \
  type __##letter##div_##suffix(type a, type b) {                \
    return rounded<mode>([&] { return hidden(a) / hidden(b); }); \
  }                                                              \
  type __##letter##rcp_##suffix(type a) {                        \
    return rounded<mode>([&] { return type(1) / hidden(a); });   \
  }                                                              \
  type __##letter##sqrt_##suffix(type a) {                       \
    return rounded<mode>([&] { return std::sqrt(hidden(a)); });  \
  }

SIMILE_EMULATED_ROUNDED(rz, FE_TOWARDZERO)
SIMILE_EMULATED_ROUNDED(ru, FE_UPWARD)
SIMILE_EMULATED_ROUNDED(rd, FE_DOWNWARD)
