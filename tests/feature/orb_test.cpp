// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/orb.hpp"

#include <algorithm>
#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/core/cancellation.hpp"
#include "simile/core/thread_pool.hpp"

namespace simile {
namespace {

using testing::IsEmpty;

TEST(OrbDescriptors, EqualOpencv) {
  std::size_t with_keypoints = 0;
  for (const auto& [name, grey, expected] : orb_references()) {
    EXPECT_EQ(orb_descriptors(grey.view()), expected) << name;
    if (!expected.empty()) ++with_keypoints;
  }
  EXPECT_EQ(with_keypoints, 4U);
}

TEST(OrbDescriptors, AreNoneWithoutKeypoints) {
  EXPECT_THAT(orb_descriptors(constant_image(256, 256, 90).view()), IsEmpty());
  EXPECT_THAT(orb_descriptors(gradient_image(256, 256).view()), IsEmpty());
}

// OpenCV fails where the smallest level of its pyramid would have no pixels.
TEST(OrbDescriptors, TakeImagesOfAnySize) {
  for (const std::int64_t side : {1, 2, 7, 31, 62, 63, 64, 65}) {
    for (const std::int64_t other : {1, 7, 63, 200}) {
      const auto noise = noise_image(side, other, 5);
      const auto descriptors = orb_descriptors(noise.view());
      EXPECT_EQ(descriptors.size() % static_cast<std::size_t>(kOrbDescriptorBytes), 0U);
      if (std::min(side, other) < 63) {
        EXPECT_THAT(descriptors, IsEmpty()) << side << "x" << other;
      }
    }
  }
  EXPECT_FALSE(orb_descriptors(noise_image(70, 70, 5).view()).empty());
}

TEST(OrbDescriptors, AreTheSameInEveryThread) {
  const auto references = orb_references();
  ThreadPool pool(4);
  std::vector<int> equal(64, 0);
  pool.parallel_for(static_cast<std::int64_t>(equal.size()), Cancellation(), [&](int, std::int64_t item) {
    const auto& reference = references[static_cast<std::size_t>(item) % references.size()];
    equal[static_cast<std::size_t>(item)] = orb_descriptors(reference.grey.view()) == reference.descriptors ? 1 : 0;
  });
  EXPECT_THAT(equal, testing::Each(1));
}

}  // namespace
}  // namespace simile
