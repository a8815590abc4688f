// SPDX-License-Identifier: Apache-2.0
// Hand-worked values for the oracles: what checks the product must itself be checked.
#include "support/oracle.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/core/array.hpp"
#include "simile/core/error.hpp"

namespace simile {
namespace {

using testing::ElementsAre;

constexpr double kC1 = 6.5025;   // (.01 * 255)^2
constexpr double kC2 = 58.5225;  // (.03 * 255)^2

TEST(OracleSsim, OfConstantImagesIsTheirLuminanceTerm) {
  const auto dark = constant_image(9, 11, 100);
  const auto light = constant_image(9, 11, 200);
  EXPECT_DOUBLE_EQ(oracle_ssim(dark.view(), light.view()), (2 * 100 * 200 + kC1) / (100 * 100 + 200 * 200 + kC1));
  EXPECT_DOUBLE_EQ(oracle_ssim(dark.view(), dark.view()), 1);
}

TEST(OracleSsim, OfOneWindowDividesByNumberOfPixelsLessOne) {
  // One pixel of 49 is 49 above black: mean 1, sum of squares about the mean 48^2 + 48 = 48 * 49, variance 49.
  auto spot = constant_image(7, 7, 0);
  spot.view()(3, 3) = 49;
  const auto black = constant_image(7, 7, 0);
  EXPECT_DOUBLE_EQ(oracle_ssim(spot.view(), black.view()), kC1 / (1 + kC1) * kC2 / (49 + kC2));

  // A second spot elsewhere: the sum of products about the means is -48 - 48 + 47 = -49, covariance -49 / 48.
  auto other = constant_image(7, 7, 0);
  other.view()(0, 6) = 49;
  EXPECT_NEAR(oracle_ssim(spot.view(), other.view()), (2 * (-49.0 / 48) + kC2) / (2 * 49 + kC2), 1e-15);
}

TEST(OracleSsim, IsMeanOverWindowsThatFit) {
  // Eight columns hold two windows; only the second sees the spot in the last column.
  auto spot = constant_image(7, 8, 0);
  spot.view()(2, 7) = 49;
  const auto black = constant_image(7, 8, 0);
  EXPECT_DOUBLE_EQ(oracle_ssim(spot.view(), black.view()), (1 + kC1 / (1 + kC1) * kC2 / (49 + kC2)) / 2);
}

TEST(OracleSsim, EqualsScikitImage) {
  const auto references = ssim_references();
  ASSERT_GT(references.size(), 80U);
  for (const auto& reference : references) {
    EXPECT_NEAR(oracle_ssim(reference.a.view(), reference.b.view()), reference.value, 1e-12) << reference.name;
  }
}

TEST(OracleSsim, RefusesImagesSmallerThanWindowOrOfUnequalSize) {
  const auto small = constant_image(6, 20, 0);
  EXPECT_THROW(oracle_ssim(small.view(), small.view()), Error);
  EXPECT_THROW(oracle_ssim(constant_image(7, 8, 0).view(), constant_image(8, 7, 0).view()), Error);
}

TEST(OracleSsimGaussian, OfConstantImagesIsTheirLuminanceTerm) {
  const auto dark = constant_image(11, 13, 100);
  const auto light = constant_image(11, 13, 200);
  EXPECT_DOUBLE_EQ(oracle_ssim_gaussian(dark.view(), light.view()),
                   (2 * 100 * 200 + kC1) / (100 * 100 + 200 * 200 + kC1));
}

TEST(OracleSsimGaussian, OfASpotIsByItsWeight) {
  // A spot of 100 at weight w over black: mean 100 w, variance 100^2 (w - w^2). In the middle w is the square of
  // 1 / (1 + 2 sum of exp(-d^2 / 4.5), d = 1 .. 5) = 0.266011724862; in a corner exp(-50 / 4.5) of that.
  for (const auto& [y, x, w] : {std::tuple(5, 5, 0.070762237763947), std::tuple(10, 0, 1.0575655981e-06)}) {
    auto spot = constant_image(11, 11, 0);
    spot.view()(y, x) = 100;
    const double mean = 100 * w;
    EXPECT_NEAR(oracle_ssim_gaussian(spot.view(), constant_image(11, 11, 0).view()),
                kC1 / (mean * mean + kC1) * kC2 / (1e4 * (w - w * w) + kC2), 1e-10);
  }
}

TEST(OracleSsimGaussian, EqualsScikitImage) {
  const auto references = ssim_gaussian_references();
  ASSERT_GT(references.size(), 300U);
  for (const auto& reference : references) {
    EXPECT_NEAR(oracle_ssim_gaussian(reference.a.view(), reference.b.view()), reference.value, 1e-12) << reference.name;
  }
}

TEST(OracleSsimGaussian, RefusesImagesSmallerThanWindow) {
  const auto small = constant_image(10, 20, 0);
  EXPECT_THROW(oracle_ssim_gaussian(small.view(), small.view()), Error);
}

TEST(OracleCosine, OfHandWorkedRows) {
  using Row = std::array<float, 2>;
  EXPECT_DOUBLE_EQ(oracle_cosine(Row{3, 4}, Row{4, 3}), 24.0 / 25);
  EXPECT_EQ(oracle_cosine(Row{1, 0}, Row{0, 5}), 0);
  EXPECT_EQ(oracle_cosine(Row{1, 1}, Row{-2, -2}), -1);
  EXPECT_EQ(oracle_cosine(Row{0, 0}, Row{1, 0}), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(oracle_cosine(Row{0, 0}, Row{0, 0}), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(oracle_cosine(Row{0.1F, 0.3F}, Row{0.1F, 0.3F}), 1);
}

TEST(OracleEuclidean, IsMinusTheSumOfSquares) {
  const std::array<float, 3> a{1, -2, 5};
  const std::array<float, 3> b{1, 2, 2};
  EXPECT_EQ(oracle_euclidean(a, b), -25);
  EXPECT_EQ(oracle_euclidean(a, a), 0);
}

TEST(OracleTemplate, DividesTheDifferenceByBothLengths) {
  Array<std::uint8_t, 3> a({1, 1, 3});
  Array<std::uint8_t, 3> b({1, 1, 3});
  const Array<std::uint8_t, 3> black({1, 1, 3});
  a.view()(0, 0, 0) = 3;
  a.view()(0, 0, 2) = 4;
  b.view()(0, 0, 2) = 5;
  EXPECT_DOUBLE_EQ(oracle_template(a.view(), b.view()), 1 - 10.0 / 25);
  b.view()(0, 0, 1) = 12;  // 154 of 5 times 13
  EXPECT_EQ(oracle_template(a.view(), b.view()), 0);
  EXPECT_EQ(oracle_template(a.view(), a.view()), 1);
  EXPECT_EQ(oracle_template(a.view(), black.view()), 0);
  EXPECT_EQ(oracle_template(black.view(), black.view()), 1);
}

TEST(OracleHamming, CountsOnlyTheBitsAskedFor) {
  const std::array<std::uint8_t, 2> a{0b10000001, 0b11000000};
  const std::array<std::uint8_t, 2> b{0b00000001, 0b10111111};
  EXPECT_EQ(oracle_hamming(a, b, 16), (16.0 - 8) / 16);
  EXPECT_EQ(oracle_hamming(a, b, 9), (9.0 - 1) / 9);
  EXPECT_EQ(oracle_hamming(a, b, 1), 0);
  EXPECT_EQ(oracle_hamming(a, a, 16), 1);
}

TEST(OracleMinhash, CountsEqualPositions) {
  constexpr std::uint32_t kNothing = 0xffffffffU;
  using Signature = std::array<std::uint32_t, 4>;
  EXPECT_EQ(oracle_minhash(Signature{1, 2, 3, 4}, Signature{1, 3, 2, 4}), 0.5);
  EXPECT_EQ(oracle_minhash(Signature{1, kNothing, 3, 4}, Signature{5, kNothing, 7, 8}), 0.25);
  for (const auto& other : {Signature{1, 2, 3, 4}, Signature{kNothing, kNothing, kNothing, kNothing}}) {
    EXPECT_EQ(oracle_minhash(Signature{kNothing, kNothing, kNothing, kNothing}, other),
              -std::numeric_limits<double>::infinity());
  }
}

Array<std::uint8_t, 2> descriptors(std::initializer_list<std::uint8_t> first_bytes) {
  Array<std::uint8_t, 2> rows({static_cast<std::int64_t>(first_bytes.size()), 32});
  std::int64_t row = 0;
  for (const auto byte : first_bytes) rows.view()(row++, 0) = byte;
  return rows;
}

// Distances  0b0111  0b0001  0b0001
//   0b0000      3       1       1
//   0b0011      1       1       1
//   0b1111      1       3       3
TEST(OracleOrb, MatchesNearestBothWaysWithTiesToTheLowestIndex) {
  const auto a = descriptors({0b0000, 0b0011, 0b1111});
  const auto b = descriptors({0b0111, 0b0001, 0b0001});
  EXPECT_THAT(oracle_orb_matches(a.view(), b.view()), ElementsAre(OrbMatch{0, 1, 1}, OrbMatch{1, 0, 1}));
  EXPECT_THAT(oracle_orb_matches(b.view(), a.view()), ElementsAre(OrbMatch{0, 1, 1}, OrbMatch{1, 0, 1}));
}

TEST(OracleOrb, CountsMatchesBelowThreeQuartersOfTheLargest) {
  // Matches at distances 0, 2, 3 and 4: 3 is not below 0.75 * 4.
  const auto a = descriptors({0x00, 0x0f, 0xf0, 0xff});
  auto b = a.clone();
  for (int bit = 0; bit < 4; ++bit) {
    if (bit < 2) b.view()(1, 31) |= static_cast<std::uint8_t>(1 << bit);
    if (bit < 3) b.view()(2, 31) |= static_cast<std::uint8_t>(1 << bit);
    b.view()(3, 30) |= static_cast<std::uint8_t>(1 << bit);
  }
  EXPECT_EQ(oracle_orb(a.view(), b.view()), 0.5);
  EXPECT_EQ(oracle_orb(a.view(), a.view()), 1);
  EXPECT_EQ(oracle_orb(a.view(), descriptors({}).view()), -std::numeric_limits<double>::infinity());
}

TEST(OracleOrb, AgreesWithOpenCv) {
  const auto references = orb_match_references();
  ASSERT_GT(references.size(), 10U);
  for (const auto& reference : references) {
    EXPECT_EQ(oracle_orb_matches(reference.a.view(), reference.b.view()), reference.matches) << reference.name;
    EXPECT_EQ(oracle_orb(reference.a.view(), reference.b.view()), reference.similarity) << reference.name;
  }
}

TEST(OracleComponents, NamesEachBySmallestItem) {
  const std::vector<std::pair<std::int64_t, std::int64_t>> edges{{5, 6}, {6, 2}, {4, 1}, {1, 4}, {3, 3}};
  EXPECT_THAT(oracle_components(7, edges), ElementsAre(0, 1, 2, 3, 1, 2, 2));
  EXPECT_THAT(oracle_components(0, {}), ElementsAre());
}

}  // namespace
}  // namespace simile
