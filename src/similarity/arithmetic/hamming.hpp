// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

/// Share of equal bits.
SIMILE_SHARED double hamming_similarity(std::int64_t bits, std::int64_t differing) {
  return static_cast<double>(bits - differing) / static_cast<double>(bits);
}

}  // namespace simile
