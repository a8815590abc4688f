// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace simile {

/// One image prepared as the left side of SSIM pairs; lane-wise broadcast.
struct SsimLeft {
  std::int32_t* products;  ///< [height, width]: 49 x (new row) in the low 16 bits, -49 x (row that leaves) in the high
  std::int32_t* sums;      ///< [windows]: Sx
  float* luminance;        ///< [windows]: Sx^2 + c1
  float* structure;        ///< [windows]: Vx + c2
};

/// `lanes` images prepared as the right side; element [..., lane].
struct SsimRight {
  std::int32_t* products;  ///< [height, width, lanes]: new row in the low 16 bits, row that leaves in the high
  std::int32_t* sums;      ///< [windows, lanes]: Sy
  float* variances;        ///< [windows, lanes]: Vy
};

/// Bits of a code that one slice counts: a slice is made of 32 bits of the code, of which it leaves out the last two.
constexpr std::int64_t kSliceBits = 30;

/// Codes that are compared with others at once, and their bit slices (simd/bit_slices.inl).
struct CodeBlock {
  const std::uint64_t* codes;  ///< [count, words]
  std::int64_t words;
  std::int64_t count;           ///< at most block_codes
  const std::uint32_t* slices;  ///< as slice_codes writes them
  std::int64_t num_slices;
};

/// Two codes that differ in `distance` bits: by their position in what was compared.
struct NearCodes {
  std::uint32_t row;
  std::uint32_t column;
  std::uint32_t distance;
};

/// The inner loops, compiled once per instruction set. Decisions do not depend on which is used: screens differ within
/// their bands, exact evaluations are the same operations in the same order.
struct Kernels {
  // SSIM (similarity/ssim.cpp)
  int lanes;
  /// Sums and scaled variances (arithmetic.hpp) of every window, [height - 6, width - 6]; scratch: 2 width int32.
  void (*ssim_statistics)(const std::uint8_t* image, std::int64_t height, std::int64_t width, std::int32_t* sums,
                          std::int32_t* variances, std::int32_t* scratch);
  /// Mean SSIM of one left image with each lane's right image; scratch: width x lanes int32, aligned.
  void (*ssim_means)(const SsimLeft& left, const SsimRight& right, std::int64_t height, std::int64_t width,
                     std::int32_t* scratch, double* means);
  /// The definition; scratch: 5 width int32 and width double, aligned.
  double (*ssim_exact)(const std::uint8_t* x, const std::uint8_t* y, std::int64_t height, std::int64_t width,
                       std::int32_t* scratch, double* row);

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
  /// Codes of a block, and 32-bit words that a slice of a block takes.
  std::int64_t block_codes;
  std::int64_t slice_words;
  /// Slices of up to block_codes codes: slice k of the 32-bit half words k of the codes.
  void (*slice_codes)(const std::uint64_t* codes, std::int64_t words, std::int64_t count, std::int64_t num_slices,
                      std::uint32_t* slices);
  /// Writes every pair of one of `count` codes and one of the block's that differ in at most `reach` < 8192 bits, rows
  /// ascending, to `found`, which has room for one more than all pairs; gives their number.
  std::int64_t (*near_codes)(const CodeBlock& block, const std::uint64_t* codes, std::int64_t count, std::int64_t reach,
                             NearCodes* found);

  // minhash (similarity/minhash.cpp)
  /// Writes the `others` [count, 128] that have at least `least` bytes in common with `bytes` [128], ascending, to
  /// `found`, which has room for one more than count; gives their number.
  std::int64_t (*minhash_candidates)(const std::uint8_t* bytes, const std::uint8_t* others, std::int64_t count,
                                     std::int64_t least, std::uint32_t* found);
  /// The definition's number of equal minima.
  std::int64_t (*minhash_equal)(const std::uint32_t* x, const std::uint32_t* y);

  // ORB (similarity/orb.cpp)
  /// For each of `count` codes the nearest of the block's, as distance << 32 | first_column + its position, where that
  /// is less than what row_nearest holds; and for each of the block's the nearest of the codes. Ties to the lowest
  /// position. The slices hold all bits of the codes, at most 511.
  void (*nearest_codes)(const CodeBlock& block, const std::uint64_t* codes, std::int64_t count,
                        std::int64_t first_column, std::uint64_t* row_nearest, std::uint32_t* column_nearest);
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
