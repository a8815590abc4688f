// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/bytes.hpp"

namespace simile {

// The half-precision screen (docs/algorithms.md, "half screen"): rows of length 1, rounded to halves after a
// multiplication by kHalfScale, which keeps small values from being subnormal; sums in single precision on tensor
// cores.

constexpr double kHalfScale = 256;

/// By how much the sum of `depth` products of halves may be off, for rows of length 1 (with bits to spare: each product
/// is exact, a group of them and the sum so far are cut to 24 bits together, in groups of at least 8).
SIMILE_SHARED double half_accumulation(std::int64_t depth) { return 1.25 * static_cast<double>(depth) * 0x1p-23; }

/// Half width of the interval around the product of two rounded rows, of which the errors are byte_error(): of a row of
/// length 1 or 0. `accumulation`: by how much the product as computed may be off, for rows of length 1.
SIMILE_SHARED double rounded_band(double error_x, double error_y, double accumulation) {
  return byte_band(error_x, 1 + 0x1p-20, error_y, 1 + 0x1p-20) +
         accumulation * (1 + error_x) * (1 + error_y) * (1 + 0x1p-20);
}
SIMILE_SHARED double half_band(double error_x, double error_y, std::int64_t depth) {
  return rounded_band(error_x, error_y, half_accumulation(depth));
}

}  // namespace simile
