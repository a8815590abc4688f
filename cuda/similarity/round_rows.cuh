// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <cuda_fp16.h>

#include "cuda/similarity/score.cuh"
#include "similarity/arithmetic/half.hpp"

namespace simile::cuda {

/// The number of this thread's team in the grid, and a grid with a team for each row.
__device__ inline std::int64_t team_number() {
  return (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam;
}
inline dim3 teams_for(std::int64_t rows) { return grid_of(blocks_for(rows, kThreads / kTeam)); }

/// A row of `depth` values, value(k), as halves times kHalfScale, by a team. The first thread's result is the sum of
/// squares of what that changed.
template <class Value>
__device__ double round_to_halves(const Team& team, std::int64_t depth, const Value& value, __half* halves) {
  double residual = 0;
  for (std::int64_t k = team.lane; k < depth; k += kTeam) {
    const double exact = value(k);
    const __half half = __double2half(exact * kHalfScale);
    const double off = exact - static_cast<double>(__half2float(half)) / kHalfScale;
    residual += off * off;
    halves[k] = half;
  }
  return team.sum(residual);
}

/// What makes a row's length 1, of its squared length; 0 of a row of zeros.
SIMILE_SHARED double to_unit_length(double norm) { return norm > 0 ? 1 / std::sqrt(norm) : 0; }

}  // namespace simile::cuda
