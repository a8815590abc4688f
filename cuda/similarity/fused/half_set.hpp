// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_fp16.h>

namespace simile::cuda {

/// All rows of one set on the device, as the half screen has them (src/similarity/arithmetic/half.hpp).
struct HalfSet {
  const __half* halves;  ///< [count, depth], times kHalfScale, of rows of length 1 or 0; depth is a multiple of 8
  const float* errors;   ///< of each row's halves
  const double* norms;   ///< squared; 0: the row is alike to nothing
  std::int64_t count;
  std::int64_t depth;
};

}  // namespace simile::cuda
