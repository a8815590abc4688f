// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

/// 1 - min(1, difference / sqrt(squares_x squares_y)) of sums of squares below 2^53, hence exact in double.
SIMILE_SHARED double template_similarity(std::int64_t difference, std::int64_t squares_x, std::int64_t squares_y) {
  if (squares_x == 0 || squares_y == 0) return squares_x == squares_y ? 1 : 0;
  const double squares = static_cast<double>(squares_x) * static_cast<double>(squares_y);
  const double ratio = static_cast<double>(difference) / std::sqrt(squares);
  return ratio < 1 ? 1 - ratio : 0;
}

/// Images with a larger difference than this times the roots of both squares are surely below the floor
/// (docs/algorithms.md, "template").
SIMILE_SHARED double template_reach(double floor) { return (1 - floor + 0x1p-50) * (1 + 0x1p-40); }

}  // namespace simile
