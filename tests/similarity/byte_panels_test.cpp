// SPDX-License-Identifier: Apache-2.0
#include "similarity/byte_panels.hpp"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "similarity/engine.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

struct Case {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t depth;
  friend void PrintTo(const Case& value, std::ostream* out) {
    *out << value.rows << "x" << value.columns << "x" << value.depth;
  }
};

std::vector<std::int8_t> random_bytes(std::int64_t count, std::uint64_t seed, bool extremes) {
  Random random(seed);
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(count));
  for (auto& byte : bytes) {
    const auto value = static_cast<int>(random.below(256)) - 128;
    byte = static_cast<std::int8_t>(!extremes ? value : value < 0 ? -128 : 127);
  }
  return bytes;
}

BytePanels panels_of(const std::vector<std::int8_t>& bytes, std::int64_t rows, std::int64_t depth) {
  BytePanels panels(rows, depth);
  std::vector<std::int8_t> padded(static_cast<std::size_t>(panels.padded_depth()));
  for (std::int64_t row = 0; row < rows; ++row) {
    std::copy_n(bytes.begin() + row * depth, depth, padded.begin());
    panels.put(row, padded.data());
  }
  return panels;
}

class BytePanelsOf : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Sizes, BytePanelsOf,
                         testing::Values(Case{1, 1, 1}, Case{1, 40, 64}, Case{7, 5, 63}, Case{16, 16, 65},
                                         Case{17, 33, 130}, Case{31, 64, 200}, Case{33, 8, 512}, Case{50, 49, 1000},
                                         Case{3, 4, kMaxProductDepth}),
                         testing::PrintToStringParamName());

TEST_P(BytePanelsOf, MultiplyExactlyAtEveryLevel) {
  const auto [num_rows, num_columns, depth] = GetParam();
  const SimdScope scope;
  for (const bool extremes : {false, true}) {
    const auto x = random_bytes(num_rows * depth, 1, extremes);
    const auto y = random_bytes(num_columns * depth, 2, extremes);
    const BytePanels left = panels_of(x, num_rows, depth);
    const BytePanels right = panels_of(y, num_columns, depth);
    for (const SimdLevel level : supported_simd_levels()) {
      set_simd_level(level);
      Workspace workspace(kPlentyOfMemory);
      const PanelSpan rows(0, num_rows, kernels().product_rows);
      const PanelSpan columns(0, num_columns, kernels().product_columns);
      // In two parts, to see that the second one adds.
      const std::int64_t part = left.groups() / 32 * 16;
      std::vector<std::int32_t> products(static_cast<std::size_t>(rows.size * columns.size), 7);
      for (const auto& [first, count] : {std::pair{std::int64_t{0}, part}, std::pair{part, left.groups() - part}}) {
        add_products(left.from(0, first), rows, right.from(0, first), columns, count, false, workspace,
                     products.data());
      }
      for (std::int64_t i = 0; i < num_rows; ++i) {
        for (std::int64_t j = 0; j < num_columns; ++j) {
          std::int64_t expected = 7;
          for (std::int64_t k = 0; k < depth; ++k) {
            expected += static_cast<std::int64_t>(x[static_cast<std::size_t>(i * depth + k)]) *
                        y[static_cast<std::size_t>(j * depth + k)];
          }
          ASSERT_EQ(products[static_cast<std::size_t>(i * columns.size + j)], expected)
              << to_string(level) << ": " << i << ", " << j;
        }
      }
    }
  }
}

TEST(BytePanels, TheLargestSumOfAllFitsAtEveryLevel) {
  const SimdScope scope;
  const std::vector<std::int8_t> lowest(static_cast<std::size_t>(kMaxProductDepth), -128);
  const BytePanels panels = panels_of(lowest, 1, kMaxProductDepth);
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    Workspace workspace(kPlentyOfMemory);
    const PanelSpan rows(0, 1, kernels().product_rows);
    const PanelSpan columns(0, 1, kernels().product_columns);
    std::vector<std::int32_t> products(static_cast<std::size_t>(rows.size * columns.size));
    add_products(panels.from(0), rows, panels.from(0), columns, panels.groups(), false, workspace, products.data());
    EXPECT_EQ(products[0], 128 * 128 * kMaxProductDepth) << to_string(level);
  }
}

TEST(BytePanels, GiveBackWhatWasPut) {
  const auto bytes = random_bytes(37 * 100, 3, false);
  const BytePanels panels = panels_of(bytes, 37, 100);
  EXPECT_EQ(panels.padded_depth(), 128);
  std::vector<std::int8_t> row(128);
  for (std::int64_t k = 0; k < 37; ++k) {
    panels.get(k, row.data());
    std::vector<std::int8_t> expected(bytes.begin() + k * 100, bytes.begin() + (k + 1) * 100);
    expected.resize(128);
    ASSERT_EQ(row, expected) << k;
  }
}

TEST(BytePanels, SpansCoverWholePanelsAndBlocks) {
  const PanelSpan span(37, 70, 32);
  EXPECT_EQ(span.begin, 32);
  EXPECT_EQ(span.size, 64);
  EXPECT_EQ(span.num_panels(), 4);
  EXPECT_EQ(PanelSpan(16, 20, 8).size, 8);
  EXPECT_EQ(PanelSpan(16, 20, 8).num_panels(), 1);
}

}  // namespace
}  // namespace simile
