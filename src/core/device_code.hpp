// SPDX-License-Identifier: Apache-2.0
#pragma once

// Functions that are compiled for the host and for devices. Internal linkage everywhere: a copy compiled for a newer
// instruction set must never stand in for another.

#if defined(__CUDACC__)
#define SIMILE_SHARED static __host__ __device__ inline
#define SIMILE_SHARED_MEMBER __host__ __device__
#else
#define SIMILE_SHARED [[maybe_unused]] static inline
#define SIMILE_SHARED_MEMBER
#endif
