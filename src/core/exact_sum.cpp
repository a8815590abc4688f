// SPDX-License-Identifier: Apache-2.0
#include "simile/core/exact_sum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/exact_sum_parts.hpp"

namespace simile {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::int64_t kMaxPending = 1LL << 30;  // 2^30 terms below 2^32 leave a limb below 2^62

}  // namespace

ExactSum::ExactSum(std::span<const std::int64_t, kLimbs> limbs, unsigned specials) {
  static_assert(kLimbs == kSumLimbs);
  std::copy(limbs.begin(), limbs.end(), limbs_.begin());
  using Limits = std::numeric_limits<double>;
  if ((specials & kPlusInfinity) != 0) special_ += Limits::infinity();
  if ((specials & kMinusInfinity) != 0) special_ += -Limits::infinity();
  if ((specials & kNotANumber) != 0) special_ += Limits::quiet_NaN();
  carry();
}

void ExactSum::add(double term) {
  if (!std::isfinite(term)) {
    special_ += term;
    return;
  }
  const SumParts parts = sum_parts(term);
  for (std::size_t k = 0; k < 3; ++k) limbs_[static_cast<std::size_t>(parts.limb) + k] += parts.parts[k];
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
    limbs_[k] -= above * (kSumLimbMask + 1);
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
  for (std::size_t k = 0; k + 1 < kLimbs; ++k) limbs_[k] = in.integer("a limb of a sum", 0, kSumLimbMask);
  limbs_[kLimbs - 1] = in.integer("the sign of a sum", -kSumLimbMask, kSumLimbMask);
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
