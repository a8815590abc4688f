// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace simile {

/// Gaussian windows [rows, columns] of an image, small enough that what their pairs need stays in the second level
/// cache. Its pixels are [rows + 10, columns + 10].
struct GaussianPatch {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// SSIM with Gaussian windows (similarity/ssim_gaussian.cpp). The screen compares one left image with `rights` right
/// images at once, one patch after the other; memory is the caller's, aligned to a cache line.
struct SsimGaussianKernels {
  int rights;
  std::int64_t (*left_bytes)(GaussianPatch patch);
  std::int64_t (*right_bytes)(GaussianPatch patch);
  std::int64_t (*scratch_bytes)(GaussianPatch patch);
  /// `pixels` points to the patch's first pixel in the image (each of `rights` images), whose rows are `stride` apart.
  /// Adds the patch's sum of gaussian_reach() to `reach` (to that of each image).
  void (*prepare_left)(const std::uint8_t* pixels, std::int64_t stride, GaussianPatch patch, void* left, void* scratch,
                       double* reach);
  void (*prepare_right)(const std::uint8_t* const* pixels, std::int64_t stride, GaussianPatch patch, void* right,
                        void* scratch, double* reach);
  /// Adds the sum of the patch's window similarities of each pair to sums[right].
  void (*add_sums)(const void* left, const void* right, GaussianPatch patch, void* scratch, double* sums);
  /// The definition; scratch: kGaussianExactRows * width doubles.
  double (*exact)(const std::uint8_t* x, const std::uint8_t* y, std::int64_t height, std::int64_t width,
                  double* scratch);
};

/// Five maps of twice eleven rows, a row of column sums, five rows of weighted means.
constexpr std::int64_t kGaussianExactRows = 5 * 22 + 1 + 5;

}  // namespace simile
