// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define SIMILE_ROW_KERNELS kRowKernelsAvx512
#include "train/simd/row_kernels.inl"
#endif
