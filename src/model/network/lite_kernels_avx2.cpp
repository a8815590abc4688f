// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define SIMILE_LITE_KERNELS kLiteKernelsAvx2
#include "model/network/lite_kernels.inl"
#endif
