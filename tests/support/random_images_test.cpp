// SPDX-License-Identifier: Apache-2.0
#include "support/random_images.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "support/oracle.hpp"

namespace simile {
namespace {

std::vector<int> pixels_of(const Array<std::uint8_t, 2>& image) { return {image.data(), image.data() + image.size()}; }

TEST(RandomImages, AreTheSameForOneSeedAndDifferForAnother) {
  EXPECT_EQ(pixels_of(noise_image(9, 7, 1)), pixels_of(noise_image(9, 7, 1)));
  EXPECT_NE(pixels_of(noise_image(9, 7, 1)), pixels_of(noise_image(9, 7, 2)));
  EXPECT_EQ(pixels_of(natural_image(9, 7, 1)), pixels_of(natural_image(9, 7, 1)));
  EXPECT_NE(pixels_of(natural_image(9, 7, 1)), pixels_of(natural_image(9, 7, 2)));
}

TEST(RandomImages, NoiseStaysBetweenItsLevels) {
  const auto pixels = pixels_of(noise_image(40, 40, 3, 253, 255));
  EXPECT_EQ(*std::min_element(pixels.begin(), pixels.end()), 253);
  EXPECT_EQ(*std::max_element(pixels.begin(), pixels.end()), 255);
}

TEST(RandomImages, GradientRunsFromBlackToWhite) {
  const auto image = gradient_image(5, 8);
  EXPECT_EQ(image.view()(0, 0), 0);
  EXPECT_EQ(image.view()(4, 7), 255);
  EXPECT_EQ(gradient_image(1, 1).view()(0, 0), 0);
}

TEST(RandomImages, NaturalImagesAreSmootherThanNoise) {
  const auto roughness = [](const Array<std::uint8_t, 2>& image) {
    const auto pixels = pixels_of(image);
    int sum = 0;
    for (std::size_t k = 1; k < pixels.size(); ++k) sum += std::abs(pixels[k] - pixels[k - 1]);
    return sum;
  };
  EXPECT_LT(8 * roughness(natural_image(64, 64, 4)), roughness(noise_image(64, 64, 4)));
}

TEST(RandomImages, NearDuplicatesMoveByNoMoreThanAsked) {
  const auto image = natural_image(30, 20, 5);
  const auto copy = pixels_of(near_duplicate(image.view(), 3, 6));
  const auto pixels = pixels_of(image);
  int largest = 0;
  for (std::size_t k = 0; k < pixels.size(); ++k) largest = std::max(largest, std::abs(pixels[k] - copy[k]));
  EXPECT_EQ(largest, 3);
  EXPECT_EQ(pixels_of(near_duplicate(image.view(), 0, 6)), pixels);
}

TEST(RandomImages, StackKeepsImagesInOrder) {
  std::vector<Array<std::uint8_t, 2>> images;
  images.push_back(constant_image(2, 3, 4));
  images.push_back(constant_image(2, 3, 9));
  const auto all = stack(images);
  EXPECT_EQ(all.shape(), (std::array<std::int64_t, 3>{2, 2, 3}));
  EXPECT_EQ(all.view()(0, 1, 2), 4);
  EXPECT_EQ(all.view()(1, 0, 0), 9);
}

TEST(ClusteredUnitVectors, AreCloseWithinAndFarBetweenClusters) {
  constexpr std::int64_t kRows = 30;
  constexpr std::int64_t kClusters = 3;
  const auto rows = clustered_unit_vectors(kRows, 64, kClusters, 0.1, 7);
  const auto row = [&](std::int64_t k) { return std::span<const float>(rows.data() + k * 64, 64); };
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      const double cosine = oracle_cosine(row(i), row(j));
      if (i % kClusters == j % kClusters) {
        EXPECT_GT(cosine, 0.97) << i << ", " << j;
      } else {
        EXPECT_LT(cosine, 0.6) << i << ", " << j;
      }
    }
  }
}

}  // namespace
}  // namespace simile
