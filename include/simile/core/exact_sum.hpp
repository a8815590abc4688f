// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "simile/core/state_file.hpp"

namespace simile {

/// A sum of doubles that does not depend on the order of its terms: a fixed-point accumulator wide enough for every
/// double (Kulisch, "Very fast and exact accumulation of products", Computing 2011), rounded once at the end, to
/// nearest, ties to even. Infinities and NaN add as IEEE says.
class ExactSum {
 public:
  static constexpr std::size_t kLimbs = 68;

  ExactSum() = default;
  /// A sum that was made elsewhere: limb k counts 2^(32 k - 1074) and is below 2^62 in magnitude. `specials` says which
  /// terms were not finite: 1 infinity, 2 -infinity, 4 NaN, added.
  ExactSum(std::span<const std::int64_t, kLimbs> limbs, unsigned specials);

  void add(double term);
  void add(const ExactSum& other);
  /// The correctly rounded sum; 0 of no terms.
  double value() const;

  void save(StateWriter& out) const;
  /// What save() wrote. Throws decode for anything else.
  void load(StateReader& in);

 private:
  // Limb k holds bits 32k .. 32k+31 of the sum in units of 2^-1074, with the rest of its 64 bits as room for carries.
  void carry();

  std::array<std::int64_t, kLimbs> limbs_{};
  double special_ = 0;  // sum of the terms that are not finite
  std::int64_t pending_ = 0;
};

}  // namespace simile
