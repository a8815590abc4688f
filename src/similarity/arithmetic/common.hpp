// SPDX-License-Identifier: Apache-2.0
#pragma once

// The arithmetic that decides: exact evaluations and the bands of the screens. Compiled for the host at every SIMD
// level and for devices, without contraction or fast-math, so that each gives the same double. Internal linkage
// everywhere: a copy compiled for a newer instruction set must never stand in for another.

#include <cstdint>

#include "core/device_code.hpp"

namespace simile {

/// Unit roundoff of float.
constexpr double kFloatRoundoff = 0x1p-24;

/// Partial sums that an exact evaluation keeps; term k goes to partial sum k % 16.
constexpr int kPartialSums = 16;

/// Adds up partial sums along a fixed tree.
SIMILE_SHARED double sum_tree(const double* partial) {
  double half[8];
  for (int k = 0; k < 8; ++k) half[k] = partial[k] + partial[k + 8];
  for (int k = 0; k < 4; ++k) half[k] = half[k] + half[k + 4];
  return (half[0] + half[2]) + (half[1] + half[3]);
}

}  // namespace simile
