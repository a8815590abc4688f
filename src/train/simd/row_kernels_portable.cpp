// SPDX-License-Identifier: Apache-2.0
#define SIMILE_ROW_KERNELS kRowKernelsPortable
#include "train/simd/row_kernels.inl"
