// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

/// Minima of a signature, one for each permutation.
constexpr std::int64_t kMinhashLength = 128;

/// Share of equal minima: exact, as the length is a power of two.
SIMILE_SHARED double minhash_similarity(std::int64_t equal) {
  return static_cast<double>(equal) / static_cast<double>(kMinhashLength);
}

}  // namespace simile
