// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define SIMILE_KERNELS kKernelsAmx
#include "similarity/simd/kernels.inl"
#endif
