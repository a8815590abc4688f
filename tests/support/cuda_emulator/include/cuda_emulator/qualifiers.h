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

/// In a section of its own where the compiler can, so that it can be filled with garbage before each block. GCC puts
/// only those of functions that are no templates there; the others start as the last block left them.
#if defined(__clang__) || defined(__GNUC__)
#define __shared__ static thread_local __attribute__((section("simile_shared")))
#else
#define __shared__ static thread_local
#endif
