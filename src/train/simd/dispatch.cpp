// SPDX-License-Identifier: Apache-2.0
#include "train/simd/row_kernels.hpp"

#include "simile/core/simd.hpp"

namespace simile {

const RowKernels& row_kernels() {
  switch (simd_level()) {
#if defined(__x86_64__)
    case SimdLevel::amx:
    case SimdLevel::vnni:
    case SimdLevel::avx512:
      return kRowKernelsAvx512;
    case SimdLevel::avx2:
      return kRowKernelsAvx2;
#endif
    default:
      return kRowKernelsPortable;
  }
}

}  // namespace simile
