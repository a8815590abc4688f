// SPDX-License-Identifier: Apache-2.0
#include "train/gram.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/probe_settings.hpp"

#include "simile/core/error.hpp"

namespace simile {
namespace {

// Columns that a task makes: its part of the matrix stays in the cache while the rows pass.
constexpr std::int64_t kBand = 6 * kRowStep;
// Of the factor: a multiple of kRowStep (a depth) and of the five products made at once.
constexpr std::int64_t kBlock = 80;
// Rows that are solved together: products are made of so many at once.
constexpr std::int64_t kFew = 5;
// Of the matrix's own diagonal: what is left below it is rounding of single precision.
constexpr double kLeastPivot = 1e-6;

}  // namespace

void GramMatrix::add(const TrainingRows& rows, std::int64_t begin, std::int64_t end, std::int64_t step,
                     const Context& context) {
  ensure(rows.stride() == stride(), "a Gram matrix of other rows");
  if (begin >= end) return;
  const RowKernels& simd = row_kernels();
  const std::int64_t count = (end - begin + step - 1) / step;
  const std::int64_t bands = (stride() + kBand - 1) / kBand;
  context.pool.parallel_for(bands, context.cancellation, [&](int /*worker*/, std::int64_t task) {
    const std::int64_t first = (bands - 1 - task) * kBand;  // the longest first
    const std::int64_t width = std::min(kBand, stride() - first);
    for (std::int64_t row = 0; row < count; row += kRowBlock) {
      const FloatBlock block{rows.values.data() + (begin + row * step) * stride(), std::min(kRowBlock, count - row),
                             step * stride()};
      simd.gram(block, first, width, values_.data(), stride());
    }
  });
}

CholeskyFactor::CholeskyFactor(std::int64_t stride)
    : size_((stride + kBlock - 1) / kBlock * kBlock),
      stride_(stride),
      factor_({size_, size_}),
      inverse_({size_, kBlock}),
      inverse_transposed_({size_, kBlock}) {}

CholeskyFactor::CholeskyFactor(const GramMatrix& gram, std::int64_t dimensions, double scale, double ridge,
                               double bias_ridge, const Context& context)
    : CholeskyFactor(gram.stride()) {
  diagonal_.resize(static_cast<std::size_t>(size_));
  const RowKernels& simd = row_kernels();
  double trace = 0;
  for (std::int64_t i = 0; i <= dimensions; ++i) trace += scale * gram.values().data()[i * stride_ + i];
  ridge = std::max(ridge, kLeastRidge * trace / static_cast<double>(dimensions + 1));
  bias_ridge = std::max(bias_ridge, kLeastRidge * trace / static_cast<double>(dimensions + 1));
  const std::int64_t blocks = size_ / kBlock;
  const auto all = [&](const auto& body) { context.pool.parallel_for(blocks, context.cancellation, body); };
  all([&](int /*worker*/, std::int64_t block) {
    for (std::int64_t i = block * kBlock; i < (block + 1) * kBlock; ++i) {
      float* const row = factor_.data() + i * size_;
      for (std::int64_t j = 0; j < i && i < stride_; ++j) {
        row[j] = static_cast<float>(scale * gram.values().data()[j * stride_ + i]);
      }
      const double diagonal = i < stride_ ? scale * gram.values().data()[i * stride_ + i] : 0;
      row[i] = static_cast<float>(i > dimensions ? 1.0 : diagonal + (i < dimensions ? ridge : bias_ridge));
      diagonal_[static_cast<std::size_t>(i)] = std::max(1e-30, static_cast<double>(row[i]));
    }
  });
  // Rows of one block of columns at a time: what the columns before them give is taken away, then they are divided by
  // the factor of the diagonal block, which is a product with its inverse.
  for (std::int64_t column = 0; column < blocks; ++column) {
    const std::int64_t begin = column * kBlock;
    const auto reduce = [&](int /*worker*/, std::int64_t task) {
      const std::int64_t row = begin + task * kBlock;
      if (row >= size_) return;
      std::vector<float> products(static_cast<std::size_t>(kBlock * kBlock));
      if (begin > 0) {
        simd.products({factor_.data() + begin * size_, kBlock, size_}, {factor_.data() + row * size_, kBlock, size_},
                      begin, products.data(), kBlock);
      }
      for (std::int64_t i = 0; i < kBlock; ++i) {
        float* const target = factor_.data() + (row + i) * size_ + begin;
        for (std::int64_t j = 0; j < kBlock; ++j) target[j] -= products[static_cast<std::size_t>(i * kBlock + j)];
      }
    };
    all(reduce);
    factor_block(begin);
    invert_block(begin);
    const auto divide = [&](int /*worker*/, std::int64_t task) {
      const std::int64_t row = begin + (task + 1) * kBlock;
      if (row >= size_) return;
      std::vector<float> quotient(static_cast<std::size_t>(kBlock * kBlock));
      simd.products({inverse_.data() + begin * kBlock, kBlock, kBlock},
                    {factor_.data() + row * size_ + begin, kBlock, size_}, kBlock, quotient.data(), kBlock);
      for (std::int64_t i = 0; i < kBlock; ++i) {
        std::copy_n(quotient.data() + i * kBlock, kBlock, factor_.data() + (row + i) * size_ + begin);
      }
    };
    all(divide);
  }
}

CholeskyFactor::CholeskyFactor(std::span<const float> packed, std::int64_t stride, const Context& context)
    : CholeskyFactor(stride) {
  ensure(std::ssize(packed) == packed_size(stride), "a factor of this size");
  context.pool.parallel_for(size_ / kBlock, context.cancellation, [&](int /*worker*/, std::int64_t block) {
    for (std::int64_t i = block * kBlock; i < (block + 1) * kBlock; ++i) {
      float* const row = factor_.data() + i * size_;
      row[i] = 1;
      if (i < stride_) std::copy_n(packed.data() + packed_size(i), i + 1, row);
    }
    invert_block(block * kBlock);
  });
}

std::vector<float> CholeskyFactor::packed() const {
  std::vector<float> values(static_cast<std::size_t>(packed_size(stride_)));
  for (std::int64_t i = 0; i < stride_; ++i) {
    std::copy_n(factor_.data() + i * size_, i + 1, values.data() + packed_size(i));
  }
  return values;
}

/// The plain factor of a diagonal block, in double precision.
void CholeskyFactor::factor_block(std::int64_t begin) {
  std::vector<double> lower(static_cast<std::size_t>(kBlock * kBlock));
  for (std::int64_t j = 0; j < kBlock; ++j) {
    double* const lj = lower.data() + j * kBlock;
    for (std::int64_t i = j; i < kBlock; ++i) {
      double* const li = lower.data() + i * kBlock;
      double sum = factor_.data()[(begin + i) * size_ + begin + j];
      for (std::int64_t k = 0; k < j; ++k) sum -= li[k] * lj[k];
      if (i == j) {
        lj[j] = std::sqrt(std::max(sum, kLeastPivot * diagonal_[static_cast<std::size_t>(begin + j)]));
      } else {
        li[j] = sum / lj[j];
      }
    }
  }
  for (std::int64_t i = 0; i < kBlock; ++i) {
    for (std::int64_t j = 0; j < kBlock; ++j) {
      factor_.data()[(begin + i) * size_ + begin + j] =
          j <= i ? static_cast<float>(lower[static_cast<std::size_t>(i * kBlock + j)]) : 0;
    }
  }
}

/// Of a diagonal block of the factor: row by row, so that what is added up lies side by side.
void CholeskyFactor::invert_block(std::int64_t begin) {
  std::vector<double> inverse(static_cast<std::size_t>(kBlock * kBlock));
  std::vector<double> sums(static_cast<std::size_t>(kBlock));
  for (std::int64_t i = 0; i < kBlock; ++i) {
    const float* const row = factor_.data() + (begin + i) * size_ + begin;
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::int64_t k = 0; k < i; ++k) {
      const double* const other = inverse.data() + k * kBlock;
      for (std::int64_t j = 0; j <= k; ++j) sums[static_cast<std::size_t>(j)] += row[k] * other[j];
    }
    double* const own = inverse.data() + i * kBlock;
    for (std::int64_t j = 0; j < i; ++j) own[j] = -sums[static_cast<std::size_t>(j)] / row[i];
    own[i] = 1.0 / row[i];
    for (std::int64_t j = 0; j <= i; ++j) {
      inverse_.data()[(begin + i) * kBlock + j] = static_cast<float>(own[j]);
      inverse_transposed_.data()[(begin + j) * kBlock + i] = static_cast<float>(own[j]);
    }
  }
}

void CholeskyFactor::solve(float* values, std::int64_t count, const Context& context) const {
  context.pool.parallel_for((count + kFew - 1) / kFew, context.cancellation, [&](int /*worker*/, std::int64_t task) {
    solve_few(values + task * kFew * stride_, std::min(kFew, count - task * kFew));
  });
}

void CholeskyFactor::solve_few(float* values, std::int64_t count) const {
  const RowKernels& simd = row_kernels();
  std::vector<float> work(static_cast<std::size_t>(count * size_));
  std::vector<float> part(static_cast<std::size_t>(count * kBlock));
  for (std::int64_t k = 0; k < count; ++k) std::copy_n(values + k * stride_, stride_, work.data() + k * size_);
  const auto apply = [&](const Array<float, 2>& matrix, std::int64_t begin) {
    simd.products({matrix.data() + begin * kBlock, kBlock, kBlock}, {work.data() + begin, count, size_}, kBlock,
                  part.data(), kBlock);
    for (std::int64_t k = 0; k < count; ++k) {
      std::copy_n(part.data() + k * kBlock, kBlock, work.data() + k * size_ + begin);
    }
  };
  for (std::int64_t begin = 0; begin < size_; begin += kBlock) {
    if (begin > 0) {
      simd.products({factor_.data() + begin * size_, kBlock, size_}, {work.data(), count, size_}, begin, part.data(),
                    kBlock);
      for (std::int64_t k = 0; k < count; ++k) {
        for (std::int64_t j = 0; j < kBlock; ++j)
          work[static_cast<std::size_t>(k * size_ + begin + j)] -= part[static_cast<std::size_t>(k * kBlock + j)];
      }
    }
    apply(inverse_, begin);
  }
  for (std::int64_t begin = size_ - kBlock; begin >= 0; begin -= kBlock) {
    apply(inverse_transposed_, begin);
    if (begin == 0) break;
    for (std::int64_t k = 0; k < count * kBlock; ++k)
      part[static_cast<std::size_t>(k)] = -part[static_cast<std::size_t>(k)];
    simd.accumulate({factor_.data() + begin * size_, kBlock, size_}, part.data(), count, kBlock, begin, work.data(),
                    size_);
  }
  for (std::int64_t k = 0; k < count; ++k) std::copy_n(work.data() + k * size_, stride_, values + k * stride_);
}

}  // namespace simile
