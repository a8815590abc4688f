// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "similarity/arithmetic/common.hpp"

namespace simile {

// The byte screen (docs/algorithms.md). Rows x, y are screened by bytes p, q with steps s, t: x ~ s p, y ~ t q. With
// error >= |x - s p| and length >= |x|,
//   |x y - s t p q| <= error_x length_y + (length_x + error_x) error_y.
// The numbers below are rounded upwards, and allow for everything else that rounds: the quantisation itself, the test
// in single precision, and the definition.

/// A float at or above a number, and one at or below it; never a subnormal one above 0, which the processor may flush.
SIMILE_SHARED float round_up(double value) {
  if (value > 0 && value < 0x1p-126) return 0x1p-126F;
  const float nearest = static_cast<float>(value);
  return static_cast<double>(nearest) < value ? std::nextafter(nearest, std::numeric_limits<float>::infinity())
                                              : nearest;
}
SIMILE_SHARED float round_down(double value) { return -round_up(-value); }

/// A bound of a norm from its computed value.
SIMILE_SHARED double byte_length(double norm) { return norm * (1 + 0x1p-20) + 0x1p-120; }

/// Of a row of this length and the sum of squares of what rounding to bytes changed.
SIMILE_SHARED double byte_error(double length, double residual, std::int64_t dimensions) {
  return std::sqrt(residual) * (1 + 0x1p-20) + length * (0x1p-17 + static_cast<double>(dimensions) * 0x1p-50) +
         0x1p-120;
}

/// Half a squared length, as an item's part of the floor.
SIMILE_SHARED double byte_offset(double squared_length) { return 0.5 * squared_length * (1 - 0x1p-20); }

/// The floor of a product, to be compared in single precision.
SIMILE_SHARED float byte_floor(double floor) { return round_down(floor - std::fabs(floor) * 0x1p-20 - 0x1p-80); }

/// Half width of the interval around s t p q.
SIMILE_SHARED double byte_band(double error_x, double length_x, double error_y, double length_y) {
  return (error_x * length_y + (length_x + error_x) * error_y) * (1 + 0x1p-40);
}

}  // namespace simile
