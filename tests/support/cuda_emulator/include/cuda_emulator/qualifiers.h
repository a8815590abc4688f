// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Function and variable qualifiers. All threads of a block run on one thread of the host, so what a block shares is
/// what that thread has for itself. Not here: __noinline__, which the standard library uses as an attribute's name.

#define SIMILE_CUDA_EMULATED 1

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))

/// Filled with garbage before blocks: shared_memory.hpp.
#define __shared__ static thread_local
