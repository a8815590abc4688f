// SPDX-License-Identifier: Apache-2.0
#include "similarity/simd/kernels.hpp"

#include "simile/core/simd.hpp"

namespace simile {

const Kernels& kernels() {
  switch (simd_level()) {
#if defined(__x86_64__)
    case SimdLevel::amx:
      return kKernelsAmx;
    case SimdLevel::vnni:
      return kKernelsVnni;
    case SimdLevel::avx512:
      return kKernelsAvx512;
    case SimdLevel::avx2:
      return kKernelsAvx2;
#endif
    default:
      return kKernelsPortable;
  }
}

}  // namespace simile
