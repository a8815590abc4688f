// SPDX-License-Identifier: Apache-2.0
// The order by which rows drop pairs on the device.
#include "cuda/similarity/top_k.cuh"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace simile::cuda {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> similarities() {
  std::vector<float> all = {0.0F,
                            -0.0F,
                            0.5F,
                            0.75F,
                            1.0F,
                            kInfinity,
                            std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::denorm_min()};
  for (std::size_t k = 0, count = all.size(); k < count; ++k) {
    all.push_back(-all[k]);
    all.push_back(std::nextafter(all[k], kInfinity));
    all.push_back(std::nextafter(all[k], -kInfinity));
  }
  return all;
}

constexpr std::uint32_t kItems[] = {0, 1, 7, 0x7fffffff};

TEST(Rank, GrowsWithTheSimilarityThenWithSmallerItems) {
  for (const float a : similarities()) {
    for (const float b : similarities()) {
      for (const std::uint32_t i : kItems) {
        for (const std::uint32_t j : kItems) {
          const bool before = a != b ? a > b : i < j;
          ASSERT_EQ(rank_of(a, i) > rank_of(b, j), before) << a << ' ' << i << ' ' << b << ' ' << j;
          ASSERT_GT(rank_of(a, i), 0U);
        }
      }
    }
  }
}

TEST(Rank, SaysOfPairsWhetherTheyComeAfterIt) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const float floor : similarities()) {
    for (const std::uint32_t i : kItems) {
      const Rank rank = rank_of(floor, i);
      for (const std::uint32_t j : kItems) {
        EXPECT_EQ(comes_after(static_cast<double>(floor), j, rank), j > i) << floor << ' ' << i << ' ' << j;
        if (floor < kInfinity) {
          EXPECT_FALSE(comes_after(std::nextafter(static_cast<double>(floor), infinity), j, rank)) << floor;
        }
        if (floor > -kInfinity) {
          EXPECT_TRUE(comes_after(std::nextafter(static_cast<double>(floor), -infinity), j, rank)) << floor;
        }
      }
    }
  }
  EXPECT_FALSE(comes_after(-infinity, 5, 0));  // nothing is known
}

}  // namespace
}  // namespace simile::cuda
