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

/// Windows of an image in pools, row by row: pool k ends before window row_ends[k / columns], column
/// column_ends[k % columns].
struct SsimPoolGrid {
  std::int64_t height;  ///< of the image
  std::int64_t width;
  std::int64_t rows;  ///< of pools
  std::int64_t columns;
  const std::int64_t* row_ends;
  const std::int64_t* column_ends;
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
  /// The definition; scratch: 5 width int32 and width double, aligned. Given `least` [rows of windows], it stops with
  /// -infinity after a row at which the sum of similarities is below that.
  double (*exact)(const std::uint8_t* x, const std::uint8_t* y, std::int64_t height, std::int64_t width,
                  std::int32_t* scratch, double* row, const double* least);
  /// sums[pool, kSsimPoolSums] of an image, without c1 and c2. scratch: 4 width int32 (aligned); kSsimPoolSums width
  /// double.
  void (*pool_image)(const std::uint8_t* pixels, const SsimPoolGrid& grid, std::int32_t* scratch, double* columns,
                     double* sums);
  /// Of `count` right images, `stride` floats apart, those whose deficits against the left one do not add up to more
  /// than `limit`, ascending. Pools lie in groups, [group][sum][kSsimPoolGroup].
  std::int64_t (*pool_candidates)(const float* left, const float* rights, std::int64_t stride, std::int64_t count,
                                  std::int64_t groups, float limit, std::int32_t* found);
  /// The deficit of each pool of a pair, [group][kSsimPoolGroup].
  void (*pool_deficits)(const float* left, const float* right, std::int64_t groups, float* deficits);
};

}  // namespace simile
