// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a term adds to an ExactSum, for the host and for devices.

#include <cstdint>
#include <cstring>

#include "core/device_code.hpp"

namespace simile {

/// Limb k counts 2^(32 k - 1074).
constexpr int kSumLimbs = 68;
constexpr std::int64_t kSumLimbMask = 0xffffffff;

/// A finite term: three limbs' parts, each less than 2^32 in magnitude, from `limb` on.
struct SumParts {
  int limb;
  std::int64_t parts[3];
};

SIMILE_SHARED SumParts sum_parts(double term) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &term, sizeof(bits));
  const auto exponent = static_cast<unsigned>(bits >> 52 & 0x7ff);
  std::uint64_t mantissa = bits & 0xfffffffffffffULL;
  if (exponent != 0) mantissa |= 1ULL << 52;
  const unsigned shift = exponent == 0 ? 0 : exponent - 1;  // the mantissa counts 2^(shift - 1074)
  const unsigned within = shift % 32;
  const std::int64_t sign = bits >> 63 != 0 ? -1 : 1;
  const auto part = [&](std::uint64_t value) {
    return sign * static_cast<std::int64_t>(value & static_cast<std::uint64_t>(kSumLimbMask));
  };
  return {
      static_cast<int>(shift / 32),
      {part(mantissa << within), part(mantissa >> (32 - within)), within == 0 ? 0 : part(mantissa >> (64 - within))}};
}

/// Terms that are not finite, as bits of what has been met.
enum SumSpecial : unsigned { kPlusInfinity = 1, kMinusInfinity = 2, kNotANumber = 4 };

SIMILE_SHARED unsigned sum_special(double term) {
  if (term > 0) return kPlusInfinity;
  return term < 0 ? kMinusInfinity : kNotANumber;
}

}  // namespace simile
