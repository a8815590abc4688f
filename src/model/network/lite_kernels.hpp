// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace simile {

/// Rows of pixels times a matrix of weights, [pixels, inputs] x [inputs, outputs] + bias, with what follows.
struct LiteProduct {
  const float* rows = nullptr;  ///< [pixels, inputs]
  std::int64_t pixels = 0;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  const float* panels = nullptr;  ///< weights, [panels][inputs][panel_columns], zeros beyond outputs
  const float* bias = nullptr;    ///< [panels * panel_columns]
  const float* added = nullptr;   ///< [pixels, outputs] added to the result, or null
  bool relu6 = false;
  /// The result, pixel (y, x) of `width` pixels a row at target + y * row_stride + x * outputs, so that it can have
  /// zeros around.
  float* target = nullptr;
  std::int64_t width = 0;
  std::int64_t row_stride = 0;
};

/// One kernel per channel over an image that has its zeros around it, then bias and ReLU6.
struct LiteDepthwise {
  const float* image = nullptr;  ///< [(height - 1) * stride + kernel, padded_width, channels]
  std::int64_t padded_width = 0;
  std::int64_t channels = 0;       ///< a multiple of 8
  std::int64_t kernel = 3;         ///< 3 or 5
  std::int64_t stride = 1;         ///< 1 or 2
  const float* weights = nullptr;  ///< [kernel, kernel, channels]
  const float* bias = nullptr;
  float* target = nullptr;  ///< [height, width, channels]
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// One instruction set's way of doing it.
struct LiteKernels {
  std::int64_t panel_columns = 0;
  void (*product)(const LiteProduct& product) = nullptr;
  void (*depthwise)(const LiteDepthwise& depthwise) = nullptr;
};

extern const LiteKernels kLiteKernelsPortable;
extern const LiteKernels kLiteKernelsAvx2;
extern const LiteKernels kLiteKernelsAvx512;

/// Those of simd_level().
const LiteKernels& lite_kernels();

}  // namespace simile
