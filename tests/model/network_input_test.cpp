// SPDX-License-Identifier: Apache-2.0
#include "simile/model/network_input.hpp"

#include <gtest/gtest.h>

#include "simile/core/array.hpp"

namespace simile {
namespace {

ModelCard card_of(InputFit fit, std::int64_t width, std::int64_t height, std::int64_t shorter = 0) {
  ModelCard card;
  card.fit = fit;
  card.width_px = width;
  card.height_px = height;
  card.shorter_side_px = shorter;
  return card;
}

/// Red is the column, green the row, blue 7.
Array<std::uint8_t, 3> coordinates(std::int64_t height, std::int64_t width) {
  Array<std::uint8_t, 3> image({height, width, 3});
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      image.view()(y, x, 0) = static_cast<std::uint8_t>(x);
      image.view()(y, x, 1) = static_cast<std::uint8_t>(y);
      image.view()(y, x, 2) = 7;
    }
  }
  return image;
}

struct Pixel {
  int x, y, blue;
};
Pixel pixel(const std::vector<std::uint8_t>& input, std::size_t width, std::size_t y, std::size_t x) {
  const std::uint8_t* const at = &input.at(3 * (y * width + x));
  return {at[0], at[1], at[2]};
}

TEST(NetworkInput, CutsTheMiddleOfAWideImage) {
  const auto image = coordinates(16, 40);
  const auto input = network_input(card_of(InputFit::crop, 8, 12, 16), image.view());
  ASSERT_EQ(input.size(), 12U * 8 * 3);
  const auto first = pixel(input, 8, 0, 0);
  EXPECT_EQ(first.x, 16) << "(40 - 8) / 2";
  EXPECT_EQ(first.y, 2) << "(16 - 12) / 2";
  EXPECT_EQ(first.blue, 7);
  const auto last = pixel(input, 8, 11, 7);
  EXPECT_EQ(last.x, 23);
  EXPECT_EQ(last.y, 13);
}

TEST(NetworkInput, BringsTheShorterSideToItsLength) {
  const auto image = coordinates(80, 32);
  const auto input = network_input(card_of(InputFit::crop, 16, 16, 16), image.view());  // 16 x 40 after resizing
  ASSERT_EQ(input.size(), 16U * 16 * 3);
  EXPECT_NEAR(pixel(input, 16, 0, 0).x, 0.5, 0.51);
  EXPECT_NEAR(pixel(input, 16, 0, 15).x, 30.5, 0.51);
  EXPECT_NEAR(pixel(input, 16, 0, 0).y, 24.5, 0.51) << "row 12 of 40";
}

TEST(NetworkInput, StretchesWithoutCutting) {
  const auto image = coordinates(20, 40);
  const auto input = network_input(card_of(InputFit::stretch, 10, 10), image.view());
  ASSERT_EQ(input.size(), 10U * 10 * 3);
  EXPECT_NEAR(pixel(input, 10, 0, 0).x, 1.5, 0.51);
  EXPECT_NEAR(pixel(input, 10, 9, 9).x, 37.5, 0.51);
  EXPECT_NEAR(pixel(input, 10, 9, 9).y, 18.5, 0.51);
}

TEST(NetworkInput, GivesGreyImagesThreeEqualChannels) {
  Array<std::uint8_t, 3> image({8, 8, 1});
  for (std::int64_t k = 0; k < 64; ++k) image.data()[k] = static_cast<std::uint8_t>(k);
  const auto input = network_input(card_of(InputFit::crop, 8, 8, 8), image.view());
  ASSERT_EQ(input.size(), 8U * 8 * 3);
  for (std::size_t k = 0; k < 64; ++k) {
    EXPECT_EQ(input[3 * k], k);
    EXPECT_EQ(input[3 * k + 1], k);
    EXPECT_EQ(input[3 * k + 2], k);
  }
}

// Without the cut the picture in between would have 256 x 8 million pixels.
TEST(NetworkInput, TakesALineOfPixels) {
  Array<std::uint8_t, 3> image({1, 32'000, 3});
  for (std::int64_t k = 0; k < image.size(); ++k) image.data()[k] = k / 3 == 16'000 ? 200 : 10;
  const auto input = network_input(card_of(InputFit::crop, 224, 224, 256), image.view());
  ASSERT_EQ(input.size(), 224U * 224 * 3);
  EXPECT_GT(*std::max_element(input.begin(), input.end()), 150) << "the middle is seen";
}

TEST(NetworkInput, EnlargesASmallImage) {
  const auto image = coordinates(4, 6);
  const auto input = network_input(card_of(InputFit::crop, 224, 224, 256), image.view());
  EXPECT_EQ(input.size(), 224U * 224 * 3);
}

}  // namespace
}  // namespace simile
