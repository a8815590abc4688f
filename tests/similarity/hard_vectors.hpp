// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "simile/core/array.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/random.hpp"

namespace simile {

/// Rows that press where rounding is worst: one large and many tiny values, one sign, cancelling, huge, tiny, equal.
/// Row 27 equals row 0, rows 29 and 30 are zero.
inline Array<float, 2> hard_vectors(std::int64_t d, std::uint64_t seed) {
  Array<float, 2> vectors({36, d});
  Random random(seed);
  const auto noise = [&] { return static_cast<float>(2 * random.uniform() - 1); };
  const auto scale = [&](float base, int exponent) { return std::ldexp(base, exponent); };
  const auto x = vectors.view();
  for (std::int64_t k = 0; k < d; ++k) {
    const bool odd = k % 2 != 0;
    x(0, k) = noise();
    x(1, k) = noise();
    x(2, k) = std::fabs(noise());
    x(3, k) = std::fabs(noise()) + 1;
    x(4, k) = 1;
    x(5, k) = odd ? -1.0F : 1.0F;
    x(6, k) = k == 0 ? 1.0F : 0x1p-12F;         // squares just below half a unit in the last place of 1
    x(7, k) = k == 0 ? 1.0F : 0x1.7p-12F;       // and just above
    x(8, k) = k == d - 1 ? 1.0F : 0x1.6ap-13F;  // tiny first, large last
    x(9, k) = k == d / 2 ? -1.0F : 0x1.6ap-6F;
    x(10, k) = scale(noise(), 120);
    x(11, k) = scale(noise(), -120);
    x(12, k) = scale(noise(), -140);  // subnormal
    x(13, k) = scale(noise(), static_cast<int>(random.below(40)) - 20);
    x(14, k) = half_to_float(static_cast<std::uint16_t>(random.below(0x7c00)));
    x(15, k) = half_to_float(static_cast<std::uint16_t>(random.below(0x7c00) | (random.below(2) << 15)));
    x(16, k) = std::nextafter(x(0, k), 2.0F);  // almost row 0
    x(17, k) = -x(0, k);
    x(18, k) = odd ? -x(3, k - 1) : x(3, k);  // with row 4: cancels in pairs
    x(19, k) = x(3, k) * (odd ? -1.0F : 1.0F);
    x(20, k) = 0x1.000002p0F;
    x(21, k) = 0x1.fffffep-1F * (k % 3 == 0 ? 1.0F : -0.5F);
    x(22, k) = k == 0 ? std::numeric_limits<float>::max() : noise();
    x(23, k) = std::numeric_limits<float>::max();
    x(24, k) = std::numeric_limits<float>::denorm_min();
    x(25, k) = k == 0 ? 1.0F : scale(noise(), -80);  // products underflow
    x(26, k) = k == 0 ? -1.0F : scale(noise(), -70);
    x(27, k) = x(0, k);
    x(28, k) = 3 * x(0, k);
    x(29, k) = 0;
    x(30, k) = odd ? 0.0F : -0.0F;
    x(31, k) = k < d / 2 ? 1.0F : 0x1p-13F;
    x(32, k) = k < d / 2 ? 0x1p-13F : -1.0F;
    x(33, k) = static_cast<float>(k % 7) - 3;
    x(34, k) = k == d - 1 ? 1.0F : 0;
    x(35, k) = 1.0F / static_cast<float>(k + 1);
  }
  return vectors;
}

}  // namespace simile
