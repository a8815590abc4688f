// SPDX-License-Identifier: Apache-2.0
#include "train/gram.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "train/vectors.hpp"

namespace simile {
namespace {

using test::Work;

/// scale * G + diagonal, times a vector.
std::vector<double> multiply(const GramMatrix& gram, std::int64_t dimensions, double scale, double ridge, double bias,
                             const std::vector<float>& vector) {
  const std::int64_t stride = gram.stride();
  std::vector<double> out;
  for (std::int64_t i = 0; i < stride; ++i) {
    const double diagonal = i < dimensions ? ridge : i == dimensions ? bias : 1;
    double sum = diagonal * vector[static_cast<std::size_t>(i)];
    for (std::int64_t j = 0; j < stride; ++j) {
      sum +=
          scale * gram.values().data()[std::min(i, j) * stride + std::max(i, j)] * vector[static_cast<std::size_t>(j)];
    }
    out.push_back(sum);
  }
  return out;
}

TEST(Gram, TheFactorSolvesForSizesAroundItsBlocks) {
  for (const std::int64_t dimensions : {1, 14, 15, 79, 80, 95, 170, 239}) {
    const auto data = test::labelled_vectors(130, dimensions, 2, 0.5, 3);
    const Work work(2);
    const TrainingRows rows = training_rows(data.vectors.view(), data.items, work.context);
    GramMatrix gram(rows.stride());
    gram.add(rows, 0, rows.count(), 1, work.context);
    const CholeskyFactor factor(gram, dimensions, 0.01, 1e-3, 1e-2, work.context);
    Random random(5);
    std::vector<float> wanted(static_cast<std::size_t>(3 * rows.stride()));
    for (auto& value : wanted) value = test::drawn(random);
    std::vector<float> solved = wanted;
    factor.solve(solved.data(), 3, work.context);
    for (std::int64_t k = 0; k < 3; ++k) {
      const auto begin = solved.begin() + k * rows.stride();
      const auto back = multiply(gram, dimensions, 0.01, 1e-3, 1e-2, {begin, begin + rows.stride()});
      for (std::int64_t j = 0; j < rows.stride(); ++j) {
        ASSERT_NEAR(back[static_cast<std::size_t>(j)], wanted[static_cast<std::size_t>(k * rows.stride() + j)], 2e-3)
            << dimensions << " dimensions";
      }
    }
  }
}

TEST(Gram, AddsEveryStepthRowOfARange) {
  const auto data = test::labelled_vectors(100, 20, 2, 0.5, 3);
  const Work work;
  const TrainingRows rows = training_rows(data.vectors.view(), data.items, work.context);
  GramMatrix gram(rows.stride());
  gram.add(rows, 10, 80, 3, work.context);
  gram.add(rows, 90, 90, 3, work.context);
  for (std::int64_t i = 0; i < 21; ++i) {
    for (std::int64_t j = i; j < 21; ++j) {
      double sum = 0;
      for (std::int64_t row = 10; row < 80; row += 3) {
        sum += static_cast<double>(rows.values.view()(row, i)) * rows.values.view()(row, j);
      }
      ASSERT_NEAR(gram.values().view()(i, j), sum, 1e-5);
    }
  }
}

TEST(Gram, AMatrixThatIsNotDefiniteHasAFactorNearBy) {
  // One row: without a diagonal it has rank 1.
  const auto data = test::labelled_vectors(1, 60, 1, 0.5, 3);
  const Work work;
  const TrainingRows rows = training_rows(data.vectors.view(), data.items, work.context);
  GramMatrix gram(rows.stride());
  gram.add(rows, 0, 1, 1, work.context);
  const CholeskyFactor factor(gram, 60, 1, 0, 0, work.context);
  std::vector<float> values(static_cast<std::size_t>(rows.stride()), 1);
  factor.solve(values.data(), 1, work.context);
  for (const float value : values) ASSERT_TRUE(std::isfinite(value));
}

TEST(TrainingRows, StridesAreOddNumbersOfLinesWithRoomForTheBias) {
  for (std::int64_t dimensions = 1; dimensions < 2000; ++dimensions) {
    const std::int64_t stride = row_stride(dimensions);
    ASSERT_GT(stride, dimensions);
    ASSERT_EQ(stride % (2 * kRowStep), kRowStep) << dimensions;
  }
}

}  // namespace
}  // namespace simile
