// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime.h>

namespace simile::cuda {

/// a / b, off by at most 5 units of roundoff (2^-24) of itself, for b from 2^-100 to 2^100: a product with a reciprocal
/// that is off by one unit in the last place. __fdividef() is three instructions more, for divisors beyond 2^126.
__device__ inline float quotient(float a, float b) {
#if defined(SIMILE_CUDA_EMULATED)
  return __fdividef(a, b);  // off by up to two units in the last place, by a hash
#else
  float reciprocal;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(reciprocal) : "f"(b));
  return a * reciprocal;
#endif
}

}  // namespace simile::cuda
