// SPDX-License-Identifier: Apache-2.0
#include "simile/core/exact_sum.hpp"

#include <bit>
#include <cmath>

namespace simile {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::int64_t kLimbMask = 0xffffffff;
constexpr std::int64_t kMaxPending = 1LL << 30;  // 2^30 terms below 2^32 leave a limb below 2^62

}  // namespace

void ExactSum::add(double term) {
  if (!std::isfinite(term)) {
    special_ += term;
    return;
  }
  const auto bits = std::bit_cast<std::uint64_t>(term);
  const auto exponent = static_cast<unsigned>(bits >> 52 & 0x7ff);
  std::uint64_t mantissa = bits & 0xfffffffffffffULL;
  if (exponent != 0) mantissa |= 1ULL << 52;
  const unsigned shift = exponent == 0 ? 0 : exponent - 1;  // the mantissa counts 2^(shift - 1074)
  const std::size_t limb = shift / 32;
  const auto wide = static_cast<Wide>(mantissa) << (shift % 32);
  const std::int64_t sign = bits >> 63 != 0 ? -1 : 1;
  limbs_[limb] += sign * static_cast<std::int64_t>(static_cast<std::uint64_t>(wide) & kLimbMask);
  limbs_[limb + 1] += sign * static_cast<std::int64_t>(static_cast<std::uint64_t>(wide >> 32) & kLimbMask);
  limbs_[limb + 2] += sign * static_cast<std::int64_t>(static_cast<std::uint64_t>(wide >> 64) & kLimbMask);
  if (++pending_ >= kMaxPending) carry();
}

void ExactSum::add(const ExactSum& other) {
  carry();
  ExactSum carried = other;
  carried.carry();
  for (std::size_t k = 0; k < kLimbs; ++k) limbs_[k] += carried.limbs_[k];
  special_ += other.special_;
  pending_ = 2;
}

void ExactSum::carry() {
  // Afterwards every limb but the last is in [0, 2^32); the last carries the sign.
  for (std::size_t k = 0; k + 1 < kLimbs; ++k) {
    const std::int64_t above = limbs_[k] >> 32;  // floor division, also below zero
    limbs_[k] -= above * (kLimbMask + 1);
    limbs_[k + 1] += above;
  }
  pending_ = 0;
}

void ExactSum::save(StateWriter& out) const {
  ExactSum carried = *this;
  carried.carry();
  out.elements(std::span<const std::int64_t>(carried.limbs_));
  out.number(special_);
}

void ExactSum::load(StateReader& in) {
  for (std::size_t k = 0; k + 1 < kLimbs; ++k) limbs_[k] = in.integer("a limb of a sum", 0, kLimbMask);
  limbs_[kLimbs - 1] = in.integer("the sign of a sum", -kLimbMask, kLimbMask);
  special_ = in.number();
  pending_ = 1;
}

double ExactSum::value() const {
  if (special_ != 0) return special_;  // infinities, or NaN
  ExactSum magnitude = *this;
  magnitude.carry();
  const bool negative = magnitude.limbs_[kLimbs - 1] < 0;
  if (negative) {
    for (auto& limb : magnitude.limbs_) limb = -limb;
    magnitude.carry();
  }
  std::size_t top = kLimbs;
  while (top > 0 && magnitude.limbs_[top - 1] == 0) --top;
  if (top == 0) return 0;
  // The leading 96 bits, of which at least 65 are significant, and one sticky bit for all below.
  const auto limb = [&](std::size_t k) { return k < top ? static_cast<Wide>(magnitude.limbs_[top - 1 - k]) : 0; };
  Wide head = limb(0) << 64 | limb(1) << 32 | limb(2);
  bool sticky = false;
  for (std::size_t k = 3; k < top; ++k) sticky = sticky || limb(k) != 0;
  int exponent = 32 * (static_cast<int>(top) - 3) - 1074;
  // Round to 53 bits, fewer where the result is subnormal.
  int width = 0;
  while (width < 96 && head >> width != 0) ++width;
  int drop = width > 53 ? width - 53 : 0;
  if (exponent + drop < -1074) drop = -1074 - exponent;
  if (drop > 0) {
    const Wide one = 1;
    const Wide rest = head & ((one << drop) - 1);
    const Wide half = one << (drop - 1);
    head >>= drop;
    exponent += drop;
    const bool above = rest > half || (rest == half && sticky);
    if (above || (rest == half && (head & 1) != 0)) ++head;
  }
  const double result = std::ldexp(static_cast<double>(static_cast<std::uint64_t>(head)), exponent);
  return negative ? -result : result;
}

}  // namespace simile
