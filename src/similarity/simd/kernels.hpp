// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/simd/ssim_gaussian_kernels.hpp"
#include "similarity/simd/ssim_kernels.hpp"

namespace simile {

/// Items of a byte product lie in panels of this many, [group of 4 values][item][4].
constexpr std::int64_t kPanelRows = 16;
/// Values of an item are padded to a multiple of this, the depth of an AMX tile.
constexpr std::int64_t kScreenBlock = 64;
/// Deepest byte product whose sums fit 32 bits at every level: 255 x 128 x depth < 2^31.
constexpr std::int64_t kMaxProductDepth = 1LL << 16;

/// Panels of bytes, as they lie or prepared for a level.
struct Operand {
  const void* data;
  std::int64_t panel_bytes;  ///< from one panel to the next
};

/// What the byte screen knows of each item x and its bytes q, rounded upwards; [item].
struct ScreenItems {
  const float* scale;   ///< x is about scale * q
  const float* error;   ///< |x - scale q|, and what else has to be allowed for
  const float* length;  ///< |x|
  const float* tail;    ///< norm of the values that the first stage leaves out
  const float* offset;  ///< what the item adds to the floor of the product; rounded downwards
};

/// The largest values of the rows of one block of the product, the smallest offset; reach = length + error.
struct RowBounds {
  float scale;
  float error;
  float reach;
  float tail;
  float offset;
};

/// kProductColumns columns against all rows of a tile.
struct ScreenBlock {
  Operand left;   ///< prepared
  Operand right;  ///< prepared, from this block's first column on
  std::int64_t num_rows;
  std::int64_t first_groups;  ///< of the first stage; `groups` when there is only one
  std::int64_t groups;
  ScreenItems rows;
  ScreenItems columns;
  const RowBounds* row_bounds;  ///< of each block of rows
  float floor;                  ///< of the product x y, with the offsets of both items added to it
};

/// A pair that was not rejected: items relative to the block, and the product of their bytes.
struct Survivor {
  std::int32_t row;
  std::int32_t column;
  std::int32_t product;
};

/// One row against `num_columns` columns, whole panels of them.
struct ScreenRow {
  const std::int8_t* values;  ///< [4 groups] of the row
  Operand right;              ///< as it lies, from the first column's panel on
  std::int64_t num_columns;
  std::int64_t groups;
  ScreenItems row;
  ScreenItems columns;
  float floor;
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

/// Values that a piece of a code may have: it is looked at by 12 bits at most.
constexpr std::int64_t kPieceValues = 1 << 12;

/// Codes of `words` words each, `code_bits` of which may differ, to be searched by reach + 1 pieces of their bits.
struct PieceSearch {
  const std::uint64_t* rows;
  std::int64_t num_rows;
  const std::uint64_t* columns;
  std::int64_t num_columns;
  std::int64_t words;
  std::int64_t code_bits;
  std::int64_t reach;           ///< less than code_bits
  std::int64_t diagonal;        ///< only columns beyond row + diagonal count
  std::int64_t max_candidates;  ///< pairs with an equal piece to look at
  std::int64_t max_found;
  std::int32_t* heads;  ///< scratch [kPieceValues]
  std::int32_t* next;   ///< scratch [num_columns]
};

/// The inner loops, compiled once per instruction set. Decisions do not depend on which is used: screens differ within
/// their bands, exact evaluations are the same operations in the same order.
struct Kernels {
  SsimKernels ssim;
  SsimGaussianKernels ssim_gaussian;

  // cosine (similarity/cosine.cpp)
  int gemm_rows;
  int gemm_columns;
  /// c[gemm_rows, gemm_columns] += a' b of panels a [depth, gemm_rows] and b [depth, gemm_columns].
  void (*gemm)(const float* a, const float* b, std::int64_t depth, float* c, std::int64_t row_stride);
  /// The definition's sum of products: 16 interleaved partial sums, fixed tree.
  double (*dot)(const float* x, const float* y, std::int64_t count);

  // euclidean (similarity/euclidean.cpp)
  /// The definition's sum of squared differences: 16 interleaved partial sums, fixed tree.
  double (*squared_distance)(const float* x, const float* y, std::int64_t count);

  // byte products (similarity/byte_panels.cpp, product_screen.cpp)
  int product_rows;
  int product_columns;
  /// Bytes per value of prepared panels; 0: right panels are taken as they lie.
  int prepared_left;
  int prepared_right;
  /// Brings `num_panels` panels of `groups` groups into the level's form, one after the other; `out` is aligned.
  void (*prepare_left)(const Operand& panels, std::int64_t num_panels, std::int64_t groups, void* out);
  void (*prepare_right)(const Operand& panels, std::int64_t num_panels, std::int64_t groups, void* out);
  /// c[num_rows, product_columns] += left right' over `groups` groups, exactly; num_rows in blocks.
  void (*multiply_bytes)(const Operand& left, std::int64_t num_rows, const Operand& right, std::int64_t groups,
                         std::int32_t* c, std::int64_t row_stride);
  /// Writes the pairs that may reach the floor, at most num_rows * product_columns; returns how many.
  std::int64_t (*screen_bytes)(const ScreenBlock& block, Survivor* out);
  /// The same for one row, without preparing anything: for searches, which read every column once. At most num_columns.
  std::int64_t (*screen_row)(const ScreenRow& screen, Survivor* out);
  /// The largest |value|; values are finite.
  float (*largest)(const float* values, std::int64_t count);
  /// bytes = values * multiplier / step, rounded to nearest: |values * multiplier| <= 127 step. Also the sum of squares
  /// of values * multiplier per kScreenBlock values, and the sum of squares of what rounding changed.
  void (*quantise)(const float* values, std::int64_t count, double multiplier, double step, std::int8_t* bytes,
                   double* energies, double* residual);

  // template (similarity/template_match.cpp)
  std::int64_t (*squared_difference)(const std::uint8_t* x, const std::uint8_t* y, std::int64_t count);
  /// Writes the k < count with square + squares[k] - 2 products[k] <= reach * roots[k], in single precision, and how
  /// many there are; count is padded to whole vectors, and so is what is written.
  std::int64_t (*within_reach)(const std::int32_t* products, std::int32_t square, const std::int32_t* squares,
                               float reach, const float* roots, std::int64_t count, std::int32_t* out);

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
  /// Writes every pair of a row and a column that differ in at most `reach` bits, once, to `found`, which has room for
  /// max_found; gives their number, or -1 when there are more of them or of candidates.
  std::int64_t (*near_codes_by_pieces)(const PieceSearch& search, NearCodes* found);

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
