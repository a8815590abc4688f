// SPDX-License-Identifier: Apache-2.0
#define SIMILE_KERNELS kKernelsPortable
#include "similarity/simd/kernels.inl"
