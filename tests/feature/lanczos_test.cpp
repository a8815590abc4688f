// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/core/array.hpp"
#include "simile/core/error.hpp"
#include "simile/feature/perceptual_hash.hpp"

namespace simile {
namespace {

using testing::Each;
using testing::HasSubstr;

std::vector<int> pixels_of(const Array<std::uint8_t, 2>& image) { return {image.data(), image.data() + image.size()}; }

TEST(Lanczos, EqualsPillowBitForBit) {
  const auto images = reference_images();
  const auto references = resize_references();
  ASSERT_GT(references.size(), 150U);
  for (const auto& [name, expected] : references) {
    const auto resized = lanczos_resize(images.at(name).view(), expected.shape(1), expected.shape(0));
    EXPECT_EQ(resized.shape(), expected.shape());
    EXPECT_EQ(pixels_of(resized), pixels_of(expected))
        << name << " to " << expected.shape(1) << " x " << expected.shape(0);
  }
}

TEST(Lanczos, LeavesImageOfWantedSizeAlone) {
  const auto image = noise_image(33, 21, 1);
  EXPECT_EQ(pixels_of(lanczos_resize(image.view(), 21, 33)), pixels_of(image));
}

TEST(Lanczos, KeepsConstantImagesConstant) {
  for (const int level : {0, 1, 127, 254, 255}) {
    const auto image = constant_image(100, 3, static_cast<std::uint8_t>(level));
    EXPECT_THAT(pixels_of(lanczos_resize(image.view(), 17, 9)), Each(level));
  }
}

TEST(Lanczos, ReadsPartOfLargerImage) {
  const auto whole = noise_image(50, 60, 2);
  View<const std::uint8_t, 2> part = whole.view();
  part.data += 5 * 60 + 7;
  part.shape = {20, 15};
  part.stride = {2 * 60, 3};  // every second row, every third column
  Array<std::uint8_t, 2> copy({20, 15});
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 15; ++x) copy.view()(y, x) = part(y, x);
  }
  EXPECT_EQ(pixels_of(lanczos_resize(part, 8, 9)), pixels_of(lanczos_resize(copy.view(), 8, 9)));
}

TEST(Lanczos, DoesNotDependOnEarlierCalls) {
  const auto wide = noise_image(40, 90, 3);
  const auto tall = noise_image(90, 40, 4);
  const auto first = pixels_of(lanczos_resize(wide.view(), 8, 8));
  lanczos_resize(tall.view(), 8, 8);
  lanczos_resize(wide.view(), 9, 8);
  EXPECT_EQ(pixels_of(lanczos_resize(wide.view(), 8, 8)), first);
}

TEST(Lanczos, SumsRowsTooLongForHalfSumsIn32Bits) {
  // The lower halves of 20,000 weights of white pixels add up to more than 2^32.
  const auto image = constant_image(2, 20'000, 255);
  EXPECT_THAT(pixels_of(lanczos_resize(image.view(), 1, 1)), Each(255));
}

struct Refusal {
  std::int64_t height, width, new_width, new_height;
  const char* message;
};

TEST(Lanczos, RefusesEmptySizes) {
  for (const auto& [height, width, new_width, new_height, message] : {
           Refusal{0, 5, 8, 8, "cannot resize an empty image (5 x 0 pixels)"},
           Refusal{5, 0, 8, 8, "cannot resize an empty image (0 x 5 pixels)"},
           Refusal{5, 5, 0, 8, "cannot resize to 0 x 8 pixels"},
           Refusal{5, 5, 8, -1, "cannot resize to 8 x -1 pixels"},
       }) {
    const Array<std::uint8_t, 2> image({height, width});
    try {
      lanczos_resize(image.view(), new_width, new_height);
      ADD_FAILURE() << "accepted: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
}

}  // namespace
}  // namespace simile
