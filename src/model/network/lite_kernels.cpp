// SPDX-License-Identifier: Apache-2.0
#include "model/network/lite_kernels.hpp"

#include "simile/core/simd.hpp"

namespace simile {

const LiteKernels& lite_kernels() {
#if defined(__x86_64__)
  const auto level = simd_level();
  if (level >= SimdLevel::avx512) return kLiteKernelsAvx512;
  if (level >= SimdLevel::avx2) return kLiteKernelsAvx2;
#endif
  return kLiteKernelsPortable;
}

}  // namespace simile
