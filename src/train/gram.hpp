// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/training_rows.hpp"

#include "simile/core/array.hpp"
#include "simile/core/context.hpp"

namespace simile {

/// The sum over rows x of x x', of which the part above the diagonal is kept. [stride, stride] as TrainingRows.
class GramMatrix {
 public:
  explicit GramMatrix(std::int64_t stride) : values_({stride, stride}) {}

  /// Adds every step-th row of [begin, end); the same for any number of threads.
  void add(const TrainingRows& rows, std::int64_t begin, std::int64_t end, std::int64_t step, const Context& context);
  std::int64_t stride() const { return values_.shape(0); }
  const Array<float, 2>& values() const { return values_; }

 private:
  Array<float, 2> values_;
};

/// The Cholesky factor L of a symmetric positive definite matrix L L' in single precision, by blocks.
class CholeskyFactor {
 public:
  /// Of scale * gram + diagonal, where the diagonal is `ridge` for the first `dimensions` and `bias_ridge` after them.
  /// What rounding would make of too small a diagonal is prevented by raising it: then the factor is that of a matrix
  /// near by.
  CholeskyFactor(const GramMatrix& gram, std::int64_t dimensions, double scale, double ridge, double bias_ridge,
                 const Context& context);
  /// What packed() gave.
  CholeskyFactor(std::span<const float> packed, std::int64_t stride, const Context& context);

  /// Of a packed factor.
  static std::int64_t packed_size(std::int64_t stride) { return stride * (stride + 1) / 2; }
  /// The lower part row by row, without what is beyond the matrix.
  std::vector<float> packed() const;
  /// Solves for each of `count` rows of `values` [count, stride], in place.
  void solve(float* values, std::int64_t count, const Context& context) const;

 private:
  CholeskyFactor(std::int64_t stride);
  void factor_block(std::int64_t begin);
  void invert_block(std::int64_t begin);
  void solve_few(float* values, std::int64_t count) const;

  std::int64_t size_;             ///< a multiple of kBlock: what is beyond the matrix is the identity
  std::int64_t stride_;           ///< of the matrix and of what is solved
  std::vector<double> diagonal_;  ///< of the matrix
  Array<float, 2> factor_;        ///< [size, size], lower part; what is above it is zero in diagonal blocks
  Array<float, 2> inverse_;       ///< [size, kBlock]: of each diagonal block, lower part
  Array<float, 2> inverse_transposed_;
};

}  // namespace simile
