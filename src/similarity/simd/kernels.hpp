// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/simd/ssim_kernels.hpp"

namespace simile {

/// The inner loops, compiled once per instruction set. Decisions do not depend on which is used: screens differ within
/// their bands, exact evaluations are the same operations in the same order.
struct Kernels {
  SsimKernels ssim;

  // cosine (similarity/cosine.cpp)
  int gemm_rows;
  int gemm_columns;
  /// c[gemm_rows, gemm_columns] += a' b of panels a [depth, gemm_rows] and b [depth, gemm_columns].
  void (*gemm)(const float* a, const float* b, std::int64_t depth, float* c, std::int64_t row_stride);
  /// The definition's sum of products: 16 interleaved partial sums, fixed tree.
  double (*dot)(const float* x, const float* y, std::int64_t count);

  // Hamming (similarity/hamming.cpp)
  /// Differing bits of one code and `count` codes of `words` words each.
  void (*hamming)(const std::uint64_t* code, const std::uint64_t* codes, std::int64_t words, std::int64_t count,
                  std::uint32_t* distances);
};

/// The kernels of simd_level().
const Kernels& kernels();

extern const Kernels kKernelsPortable;
#if defined(__x86_64__)
extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx512;
extern const Kernels kKernelsVnni;
extern const Kernels kKernelsAmx;
#endif

}  // namespace simile
