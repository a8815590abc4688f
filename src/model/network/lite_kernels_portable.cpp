// SPDX-License-Identifier: Apache-2.0
#define SIMILE_LITE_KERNELS kLiteKernelsPortable
#include "model/network/lite_kernels.inl"
