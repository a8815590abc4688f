// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace simile {

/// Rows of floats. The first of each has its own distance from the last one's; both in floats.
struct FloatBlock {
  const float* data;
  std::int64_t count;   ///< rows
  std::int64_t stride;  ///< from row to row
};

/// Products of many rows with few: what linear models, their Gram matrix and its factor are made of. Depths and widths
/// are multiples of kRowStep. Compiled once per instruction set; levels may differ in the last bits.
struct RowKernels {
  /// out[f * out_stride + r] = rows_r . few_f over `depth` values.
  void (*products)(const FloatBlock& rows, const FloatBlock& few, std::int64_t depth, float* out,
                   std::int64_t out_stride);
  /// out[f * out_stride + j] += sum over r of factors[f * factor_stride + r] rows_r[j], for j < width, f < num_factors.
  void (*accumulate)(const FloatBlock& rows, const float* factors, std::int64_t num_factors, std::int64_t factor_stride,
                     std::int64_t width, float* out, std::int64_t out_stride);
  /// c[i * c_stride + j] += sum over r of rows_r[i] rows_r[j], for j in [first, first + width), i < first + width; of
  /// what lies below the diagonal only a part is made.
  void (*gram)(const FloatBlock& rows, std::int64_t first, std::int64_t width, float* c, std::int64_t c_stride);
  /// Class by class [num_classes, stride] logits become probabilities; largest[r] and sums[r] are such that item r's
  /// log of the sum of exponentials is largest + log(sum). `count` is rounded up to kRowStep, and so is what is
  /// written.
  void (*softmax)(float* values, std::int64_t num_classes, std::int64_t count, std::int64_t stride, float* largest,
                  float* sums);
};

/// What widths, depths and counts are padded to: a line of the cache, two vectors of AVX2.
inline constexpr std::int64_t kRowStep = 16;

/// The kernels of simd_level().
const RowKernels& row_kernels();

extern const RowKernels kRowKernelsPortable;
#if defined(__x86_64__)
extern const RowKernels kRowKernelsAvx2;
extern const RowKernels kRowKernelsAvx512;
#endif

}  // namespace simile
