// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

/// Half width of the interval around the single-precision product of two normalised rows of `dimensions` values, summed
/// in blocks of `block` (docs/algorithms.md, "cosine screen").
SIMILE_SHARED double cosine_band(std::int64_t dimensions, std::int64_t block) {
  const std::int64_t in_block = dimensions < block ? dimensions : block;
  const std::int64_t blocks = (dimensions + block - 1) / block;
  const double steps = static_cast<double>(in_block + blocks + 1);
  const double rounding = 2.001 * kFloatRoundoff;                                            // of both rows
  const double accumulation = 1.01 * steps * kFloatRoundoff;                                 // of the sum
  const double definition = static_cast<double>(dimensions + 64) * 0x1p-53;                  // of the double sums
  return rounding + accumulation + definition + static_cast<double>(dimensions) * 0x1p-120;  // underflow
}

}  // namespace simile
