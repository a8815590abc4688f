// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/minhash.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/feature_oracle.hpp"
#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

using testing::Each;
using testing::ElementsAre;
using Cells = std::vector<std::uint32_t>;

TEST(Harris, EqualsOpencv) {
  constexpr double kScale = 1.0 / (25.0 * 2040 * 2040 * 2040 * 2040);  // of Sobel, block and 8 bits, to the fourth
  for (const auto& [name, grey, expected] : harris_references()) {
    const auto response = harris_response(grey.view());
    ASSERT_EQ(response.shape(), expected.shape()) << name;
    float largest = 0;
    for (std::int64_t k = 0; k < expected.size(); ++k) largest = std::max(largest, std::abs(expected.data()[k]));
    for (std::int64_t k = 0; k < expected.size(); ++k) {
      ASSERT_NEAR(kScale * static_cast<double>(response.data()[k]), expected.data()[k], 2e-5 * largest)
          << name << ", pixel " << k;
    }
  }
}

TEST(Harris, HasNoCornersOnPlainsAndEdges) {
  EXPECT_THAT(corner_cells(constant_image(64, 64, 200).view()), ElementsAre());
  auto edge = constant_image(32, 48, 10);
  for (int y = 0; y < 32; ++y) std::fill_n(&edge.view()(y, 21), 27, std::uint8_t{240});
  EXPECT_THAT(corner_cells(edge.view()), ElementsAre());
}

// A white square from pixel (16, 20) to (31, 43): at each corner, the block of 2x2 pixels just inside is the strongest,
// and a block is named by its lower right pixel. By symmetry all four are equal, so they come by index.
TEST(Harris, FindsTheCornersOfASquare) {
  auto image = constant_image(64, 64, 0);
  for (int y = 16; y < 32; ++y) std::fill_n(&image.view()(y, 20), 24, std::uint8_t{255});
  const auto strongest = strongest_corners(harris_response(image.view()).view(), 4);
  EXPECT_THAT(strongest, ElementsAre(17 * 64 + 21, 17 * 64 + 43, 31 * 64 + 21, 31 * 64 + 43));
  const Cells of_the_strongest{4 * 16 + 5, 4 * 16 + 10, 7 * 16 + 5, 7 * 16 + 10};
  EXPECT_THAT(corner_cells(image.view()), testing::IsSupersetOf(of_the_strongest));
}

TEST(StrongestCorners, ComeByResponseThenIndexAndAreAboveZero) {
  Array<std::int64_t, 2> response({2, 3});
  const std::int64_t values[] = {5, 9, -1, 9, 0, 5};
  std::copy(std::begin(values), std::end(values), response.data());
  EXPECT_THAT(strongest_corners(response.view(), 100), ElementsAre(1, 3, 0, 5));
  EXPECT_THAT(strongest_corners(response.view(), 3), ElementsAre(1, 3, 0));
  EXPECT_THAT(strongest_corners(response.view(), 0), ElementsAre());
}

TEST(CornerCells, AreThoseOfTheOracle) {
  Random random(20240611);
  for (int round = 0; round < 60; ++round) {
    const auto height = static_cast<std::int64_t>(1 + random.below(70));
    const auto width = static_cast<std::int64_t>(1 + random.below(70));
    const auto seed = random.next();
    const auto image = round % 3 == 0   ? noise_image(height, width, seed)
                       : round % 3 == 1 ? natural_image(height, width, seed)
                                        : noise_image(height, width, seed, 100, 101);  // many ties
    EXPECT_EQ(corner_cells(image.view()), oracle_corner_cells(image.view())) << height << "x" << width;
  }
}

TEST(MinhashSignature, MarksTheEmptySetAlone) {
  const auto empty = minhash_signature({});
  EXPECT_EQ(static_cast<std::int64_t>(empty.size()), kMinhashPermutations);
  EXPECT_THAT(empty, Each(kNoMinimum));
  for (std::uint32_t member = 0; member < 2000; ++member) {
    EXPECT_THAT(minhash_signature(Cells{member}), Each(testing::Lt(kNoMinimum)));
  }
}

// Signatures are kept in files and caches: the family may not change. Values from a program of its own (Python).
TEST(MinhashSignature, IsFixed) {
  const auto signature = minhash_signature(Cells{0, 7, 255});
  EXPECT_EQ(signature[0], 1909567645U);
  EXPECT_EQ(signature[1], 1799475889U);
  EXPECT_EQ(signature[127], 2549630604U);
  EXPECT_EQ(std::accumulate(signature.begin(), signature.end(), std::uint64_t{0}), 134548109270U);
}

TEST(MinhashSignature, IsTheMinimumOverMembersInAnyOrder) {
  const auto a = minhash_signature(Cells{1, 5, 9});
  const auto b = minhash_signature(Cells{2, 300});
  const auto both = minhash_signature(Cells{300, 9, 1, 2, 5});
  for (std::size_t k = 0; k < both.size(); ++k) EXPECT_EQ(both[k], std::min(a[k], b[k]));
}

/// Sets of cells that share some, as images of 64 px have them.
std::pair<Cells, Cells> overlapping_sets(Random& random) {
  const auto draw = [&](std::int64_t count) { return sample_without_replacement(256, count, random.next()); };
  const auto shared = draw(static_cast<std::int64_t>(random.below(60)));
  const auto set = [&] {
    Cells cells(shared.begin(), shared.end());
    for (const auto cell : draw(static_cast<std::int64_t>(1 + random.below(40)))) {
      cells.push_back(static_cast<std::uint32_t>(cell));
    }
    std::sort(cells.begin(), cells.end());
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    return cells;
  };
  return {set(), set()};
}

double jaccard(const Cells& a, const Cells& b) {
  Cells common;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  return static_cast<double>(common.size()) / static_cast<double>(a.size() + b.size() - common.size());
}

// Agreement is a mean of 128 trials with the Jaccard index as their chance: right on average, and no further off than
// independent trials are (permutations that hang together would be).
TEST(MinhashSignature, EstimatesTheJaccardIndex) {
  constexpr int kPairs = 3000;
  Random random(128);
  double error = 0;
  double variance = 0;
  double dispersion = 0;
  std::vector<double> error_of(static_cast<std::size_t>(kMinhashPermutations), 0);
  for (int pair = 0; pair < kPairs; ++pair) {
    const auto [a, b] = overlapping_sets(random);
    const auto first = minhash_signature(a);
    const auto second = minhash_signature(b);
    const double index = jaccard(a, b);
    double agreeing = 0;
    for (std::size_t k = 0; k < first.size(); ++k) {
      const double agrees = first[k] == second[k] ? 1 : 0;
      agreeing += agrees;
      error_of[k] += agrees - index;
    }
    const double expected_variance = static_cast<double>(kMinhashPermutations) * index * (1 - index);
    const double off = agreeing - static_cast<double>(kMinhashPermutations) * index;
    error += off;
    variance += expected_variance;
    dispersion += expected_variance > 0 ? off * off / expected_variance : 1;
  }
  EXPECT_LT(std::abs(error) / std::sqrt(variance), 3.5);
  EXPECT_NEAR(dispersion / kPairs, 1, 0.1);
  const double one_permutation = std::sqrt(variance / static_cast<double>(kMinhashPermutations));
  for (const double sum : error_of) EXPECT_LT(std::abs(sum) / one_permutation, 4.5);
}

}  // namespace
}  // namespace simile
