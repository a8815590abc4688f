// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

/// What norms, products and the definition may be off where a squared distance is 2 x y - |x|^2 - |y|^2; `squares` is
/// the sum of both squared norms (docs/algorithms.md, "euclidean").
SIMILE_SHARED double euclidean_slack(double squares, std::int64_t dimensions) {
  return static_cast<double>(dimensions + 64) * 0x1p-51 * squares;
}

}  // namespace simile
