// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace simile {

/// Windows [rows, columns] of an image, small enough that what their pairs need stays in the second level cache. Its
/// pixels are [rows + 6, columns + 6].
struct SsimPatch {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// SSIM (similarity/ssim.cpp). The screen compares `lefts` left images with `rights` right images at once, one patch
/// after the other; how both are prepared is the level's own business, memory is the caller's, aligned to a cache line.
struct SsimKernels {
  int lefts;
  int rights;
  std::int64_t (*left_bytes)(SsimPatch patch);
  std::int64_t (*right_bytes)(SsimPatch patch);
  std::int64_t (*scratch_bytes)(SsimPatch patch);
  /// `pixels` points to the patch's first pixel in each of `lefts` images, whose rows are `stride` apart.
  void (*prepare_left)(const std::uint8_t* const* pixels, std::int64_t stride, SsimPatch patch, void* left,
                       void* scratch);
  void (*prepare_right)(const std::uint8_t* const* pixels, std::int64_t stride, SsimPatch patch, void* right,
                        void* scratch);
  /// Adds the sum of the patch's window similarities of each pair to sums[left * row_stride + right].
  void (*add_sums)(const void* left, const void* right, SsimPatch patch, void* scratch, double* sums,
                   std::int64_t row_stride);
  /// The definition; scratch: 5 width int32 and width double, aligned.
  double (*exact)(const std::uint8_t* x, const std::uint8_t* y, std::int64_t height, std::int64_t width,
                  std::int32_t* scratch, double* row);
};

}  // namespace simile
