// SPDX-License-Identifier: Apache-2.0
#include "train/simd/row_kernels.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "train/vectors.hpp"

#include "simile/core/simd.hpp"

namespace simile {
namespace {

/// Each test runs at every level that the machine has.
class RowKernelsTest : public ::testing::TestWithParam<SimdLevel> {
 protected:
  void SetUp() override { set_simd_level(GetParam()); }
  void TearDown() override { set_simd_level(supported_simd_levels().back()); }
};

std::vector<float> random_floats(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = test::drawn(random);
  return values;
}

constexpr std::int64_t kDepth = 48;
constexpr std::int64_t kStride = 51;

TEST_P(RowKernelsTest, ProductsAreThoseOfPlainLoopsForAnyCounts) {
  const auto rows = random_floats(9 * kStride, 1);
  const auto few = random_floats(14 * kStride, 2);
  for (const std::int64_t num_rows : {0, 1, 2, 3, 9}) {
    for (const std::int64_t num_few : {1, 2, 3, 4, 5, 6, 10, 14}) {
      std::vector<float> out(static_cast<std::size_t>(num_few * 10), 99);
      row_kernels().products({rows.data(), num_rows, kStride}, {few.data(), num_few, kStride}, kDepth, out.data(), 10);
      for (std::int64_t f = 0; f < num_few; ++f) {
        for (std::int64_t r = 0; r < 10; ++r) {
          double sum = r < num_rows ? 0 : 99;
          for (std::int64_t k = 0; r < num_rows && k < kDepth; ++k) {
            sum += static_cast<double>(rows[static_cast<std::size_t>(r * kStride + k)]) *
                   few[static_cast<std::size_t>(f * kStride + k)];
          }
          ASSERT_NEAR(out[static_cast<std::size_t>(f * 10 + r)], sum, 1e-4) << num_rows << " x " << num_few;
        }
      }
    }
  }
}

TEST_P(RowKernelsTest, AccumulatesWhatPlainLoopsDo) {
  const auto rows = random_floats(7 * kStride, 3);
  for (const std::int64_t num : {1, 2, 3, 4, 5, 8, 10, 13, 21}) {
    const auto factors = random_floats(num * 7, 4);
    std::vector<float> out(static_cast<std::size_t>(num * kStride), 1);
    row_kernels().accumulate({rows.data(), 7, kStride}, factors.data(), num, 7, kDepth, out.data(), kStride);
    for (std::int64_t f = 0; f < num; ++f) {
      for (std::int64_t j = 0; j < kStride; ++j) {
        double sum = 1;
        for (std::int64_t r = 0; j < kDepth && r < 7; ++r) {
          sum += static_cast<double>(factors[static_cast<std::size_t>(f * 7 + r)]) *
                 rows[static_cast<std::size_t>(r * kStride + j)];
        }
        ASSERT_NEAR(out[static_cast<std::size_t>(f * kStride + j)], sum, 1e-4) << num << " factors";
      }
    }
  }
}

TEST_P(RowKernelsTest, GramMatrixIsThatOfPlainLoopsOnAndAboveTheDiagonal) {
  const auto rows = random_floats(11 * kStride, 5);
  std::vector<float> gram(static_cast<std::size_t>(kDepth * kDepth), 2);
  row_kernels().gram({rows.data(), 11, kStride}, 0, 32, gram.data(), kDepth);
  row_kernels().gram({rows.data(), 11, kStride}, 32, 16, gram.data(), kDepth);
  for (std::int64_t i = 0; i < kDepth; ++i) {
    for (std::int64_t j = i; j < kDepth; ++j) {
      double sum = 2;
      for (std::int64_t r = 0; r < 11; ++r) {
        sum += static_cast<double>(rows[static_cast<std::size_t>(r * kStride + i)]) *
               rows[static_cast<std::size_t>(r * kStride + j)];
      }
      ASSERT_NEAR(gram[static_cast<std::size_t>(i * kDepth + j)], sum, 1e-4) << i << ", " << j;
    }
  }
}

TEST_P(RowKernelsTest, SoftmaxIsExactToRoundingAlsoFarApart) {
  // Item by item: equal, ordinary, one far ahead, all far below zero, differences beyond the exponential's range.
  const std::vector<std::vector<double>> items{
      {0, 0, 0}, {1, 2, -3}, {50, 0, -1}, {-1000, -1001, -1000.5}, {0, 300, 4}};
  std::vector<float> values(3 * 16);
  for (std::size_t r = 0; r < items.size(); ++r) {
    for (std::size_t c = 0; c < 3; ++c) values[c * 16 + r] = static_cast<float>(items[r][c]);
  }
  std::vector<float> largest(16);
  std::vector<float> sums(16);
  row_kernels().softmax(values.data(), 3, 5, 16, largest.data(), sums.data());
  for (std::size_t r = 0; r < items.size(); ++r) {
    double sum = 0;
    for (const double value : items[r]) sum += std::exp(value - largest[r]);
    EXPECT_NEAR(sums[r], sum, 1e-6 * sum) << r;
    for (std::size_t c = 0; c < 3; ++c) {
      const double expected = std::exp(items[r][c] - largest[r]) / sum;
      EXPECT_NEAR(values[c * 16 + r], expected, 1e-6 * expected + 1e-37) << r << ", " << c;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, RowKernelsTest, ::testing::ValuesIn(supported_simd_levels()),
                         [](const auto& level) { return std::string(to_string(level.param)); });

}  // namespace
}  // namespace simile
