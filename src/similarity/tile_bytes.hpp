// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simile/similarity/metric.hpp"

namespace simile {

/// Scratch that one worker needs for tiles of edge x edge items, if every pair is reported.
inline std::int64_t tile_bytes(const Cost& cost, std::int64_t edge) {
  return cost.fixed_bytes + edge * (cost.bytes_per_row + cost.bytes_per_column) +
         edge * edge * (cost.bytes_per_pair + static_cast<std::int64_t>(sizeof(ScoredPair)));
}

}  // namespace simile
