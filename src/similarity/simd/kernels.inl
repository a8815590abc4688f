// SPDX-License-Identifier: Apache-2.0
// The kernels, as one source for every instruction set. A file of its own per level defines SIMILE_KERNELS (the table's
// name) and includes this. Everything is in an anonymous namespace and nothing of the standard library is called: a
// template compiled here for a newer instruction set could replace the one that older machines run.

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "similarity/arithmetic/cosine.hpp"
#include "similarity/arithmetic/minhash.hpp"
#include "similarity/arithmetic/ssim.hpp"
#include "similarity/arithmetic/ssim_gaussian.hpp"
#include "similarity/simd/kernels.hpp"

namespace simile {
namespace {

// clang-format off: the vectors first
#include "core/simd/vector.inl"

#include "similarity/simd/bit_slices.inl"
#include "similarity/simd/cosine.inl"
#include "similarity/simd/hamming.inl"
#include "similarity/simd/integer_product.inl"
#include "similarity/simd/minhash.inl"
#include "similarity/simd/orb.inl"
#include "similarity/simd/product_screen.inl"
#include "similarity/simd/ssim.inl"
#include "similarity/simd/ssim_pools.inl"
#include "similarity/simd/ssim_window.inl"
#include "similarity/simd/ssim_sums.inl"
#include "similarity/simd/ssim_table.inl"
#include "similarity/simd/ssim_gaussian.inl"
// clang-format on

}  // namespace

const Kernels SIMILE_KERNELS = {
    .ssim = kSsimKernels,
    .ssim_gaussian = kSsimGaussianKernels,
    .gemm_rows = kGemmRows,
    .gemm_columns = 2 * kLanes,
    .gemm = gemm,
    .dot = dot,
    .squared_distance = squared_distance,
    .product_rows = kProductRows,
    .product_columns = kProductColumns,
    .prepared_left = kPreparedLeft,
    .prepared_right = kPreparedRight,
    .prepare_left = prepare_left,
    .prepare_right = prepare_right,
    .multiply_bytes = multiply_bytes,
    .screen_bytes = screen_bytes,
    .screen_row = screen_row,
    .largest = largest,
    .quantise = quantise,
    .squared_difference = squared_difference,
    .within_reach = within_reach,
    .hamming = hamming,
    .block_codes = kBlockCodes,
    .slice_words = kSliceVectors * kLanes,
    .slice_codes = slice_codes,
    .near_codes = near_codes,
    .near_codes_by_pieces = near_codes_by_pieces,
    .minhash_candidates = minhash_candidates,
    .minhash_equal = minhash_equal,
    .nearest_codes = nearest_codes,
};

}  // namespace simile
