// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

constexpr std::int64_t kOrbBits = 256;  // of a descriptor

/// Whether a match is good: its distance is below 0.75 of the largest distance among the matches. In integers, which is
/// the same: 0.75 times an integer is exact.
SIMILE_SHARED bool orb_good(std::int64_t distance, std::int64_t largest) { return 4 * distance < 3 * largest; }

/// Share of good matches; 1 where all matches are equal descriptors. There is at least one match.
SIMILE_SHARED double orb_similarity(std::int64_t good, std::int64_t matches, std::int64_t largest) {
  return largest == 0 ? 1 : static_cast<double>(good) / static_cast<double>(matches);
}

}  // namespace simile
