// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

/// Share of equal bits.
SIMILE_SHARED double hamming_similarity(std::int64_t bits, std::int64_t differing) {
  return static_cast<double>(bits - differing) / static_cast<double>(bits);
}

/// Most differing bits with which two codes still reach `floor`; -1 when even equal codes do not. By the definition's
/// own rounding: similarity falls as the distance grows.
SIMILE_SHARED std::int64_t hamming_reach(std::int64_t bits, double floor) {
  std::int64_t reached = -1;
  std::int64_t missed = bits + 1;
  while (missed - reached > 1) {
    const std::int64_t middle = reached + (missed - reached) / 2;
    (hamming_similarity(bits, middle) >= floor ? reached : missed) = middle;
  }
  return reached;
}

}  // namespace simile
