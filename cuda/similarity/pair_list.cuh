// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "simile/similarity/metric.hpp"

namespace simile::cuda {

/// Pairs that kernels append; there is room for every pair of a tile.
struct PairList {
  ScoredPair* pairs;
  unsigned long long* count;

  __device__ void append(std::int64_t left, std::int64_t right, double low, double high) const {
    pairs[atomicAdd(count, 1ULL)] = {left, right, low, high};
  }
};

}  // namespace simile::cuda
