// SPDX-License-Identifier: Apache-2.0
// The kernels, as one source for every instruction set. A file of its own per level defines SIMILE_KERNELS (the table's
// name) and includes this. Everything is in an anonymous namespace and nothing of the standard library is called: a
// template compiled here for a newer instruction set could replace the one that older machines run.

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "similarity/arithmetic/cosine.hpp"
#include "similarity/arithmetic/ssim.hpp"
#include "similarity/simd/kernels.hpp"

namespace simile {
namespace {

// clang-format off: the vectors first
#include "similarity/simd/vector.inl"

#include "similarity/simd/cosine.inl"
#include "similarity/simd/hamming.inl"
#include "similarity/simd/ssim.inl"
#include "similarity/simd/ssim_window.inl"
#include "similarity/simd/ssim_sums.inl"
#include "similarity/simd/ssim_table.inl"
// clang-format on

}  // namespace

const Kernels SIMILE_KERNELS = {
    .ssim = kSsimKernels,
    .gemm_rows = kGemmRows,
    .gemm_columns = 2 * kLanes,
    .gemm = gemm,
    .dot = dot,
    .hamming = hamming,
};

}  // namespace simile
