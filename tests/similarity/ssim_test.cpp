// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/ssim.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/arithmetic/ssim.hpp"
#include "similarity/drawn_images.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

/// Images that press where rounding is worst: flat and bright with one level of noise, checkerboards, extremes, edges.
Array<std::uint8_t, 3> hard_images(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  std::vector<Array<std::uint8_t, 2>> images;
  for (const int level : {0, 1, 127, 254, 255}) {
    images.push_back(constant_image(height, width, static_cast<std::uint8_t>(level)));
  }
  images.push_back(gradient_image(height, width));
  images.push_back(noise_image(height, width, seed));
  images.push_back(noise_image(height, width, seed + 1));
  images.push_back(noise_image(height, width, seed + 2, 254, 255));
  images.push_back(noise_image(height, width, seed + 3, 254, 255));
  images.push_back(noise_image(height, width, seed + 4, 0, 1));
  images.push_back(noise_image(height, width, seed + 5, 250, 255));
  images.push_back(natural_image(height, width, seed + 6));
  images.push_back(near_duplicate(images.back().view(), 1, seed + 7));
  images.push_back(near_duplicate(images.back().view(), 20, seed + 8));
  for (const std::int64_t period : {1, 2, 3, 7}) {
    images.push_back(drawn(height, width, [&](auto y, auto x) { return (y / period + x / period) % 2 * 255; }));
    images.push_back(drawn(height, width, [&](auto y, auto x) { return 255 - (y / period + x / period) % 2 * 255; }));
    images.push_back(drawn(height, width, [&](auto y, auto x) { return 254 + (y / period + x / period) % 2; }));
    images.push_back(drawn(height, width, [&](auto y, auto x) { return 255 - (y / period + x / period) % 2; }));
  }
  images.push_back(drawn(height, width, [&](auto, auto x) { return x < width / 2 ? 0 : 255; }));
  images.push_back(drawn(height, width, [&](auto y, auto) { return y < height / 2 ? 255 : 0; }));
  Random random(seed + 9);
  images.push_back(drawn(height, width, [&](auto, auto) { return random.below(2) * 255; }));
  images.push_back(drawn(height, width, [&](auto y, auto x) { return y == 3 && x == 3 ? 0 : 255; }));
  return stack(images);
}

class SsimOfSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SsimOfSize,
                         testing::Values(Size{7, 7}, Size{7, 8}, Size{8, 7}, Size{13, 11}, Size{28, 28}, Size{9, 39},
                                         Size{64, 64}, Size{7, 600}, Size{600, 7}),
                         size_name);

TEST_P(SsimOfSize, AgreesWithTheOracle) {
  const auto images = hard_images(GetParam().height, GetParam().width, 1);
  const SsimMetric metric(images.view());
  for (std::int64_t i = 0; i < metric.num_left(); i += 2) {
    for (std::int64_t j = 0; j < metric.num_right(); ++j) {
      ASSERT_NEAR(metric.exact(i, j), oracle_ssim(images.view()[i], images.view()[j]), 1e-13) << i << ", " << j;
    }
  }
}

TEST_P(SsimOfSize, IsTheSameAtEveryLevelAndSymmetric) {
  const auto images = hard_images(GetParam().height, GetParam().width, 2);
  check_exact_everywhere(SsimMetric(images.view()), true);
}

TEST_P(SsimOfSize, KeepsItsIntervals) {
  IntervalUse use;
  for (int round = 0; round < kAttackRounds; ++round) {
    const auto images = hard_images(GetParam().height, GetParam().width, 100 + 10 * static_cast<std::uint64_t>(round));
    check_intervals(SsimMetric(images.view()), use);
  }
  EXPECT_LE(use.worst, 1);
  RecordProperty("pairs", std::to_string(use.pairs));
  RecordProperty("worst_use", std::to_string(use.worst));
}

class SsimOfSmallSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SsimOfSmallSize, testing::Values(Size{7, 7}, Size{8, 11}, Size{9, 39}, Size{28, 28}));

TEST_P(SsimOfSmallSize, NeverLosesAPairThatReachesTheFloor) {
  const auto images = hard_images(GetParam().height, GetParam().width, 3);
  check_floors(SsimMetric(images.view()));
}

TEST(Ssim, AgreesWithScikitImage) {
  const auto references = ssim_references();
  ASSERT_GT(references.size(), 10U);
  for (const auto& reference : references) {
    const std::array<Array<std::uint8_t, 2>, 2> both{reference.a.clone(), reference.b.clone()};
    const auto images = stack(both);
    EXPECT_NEAR(SsimMetric(images.view()).exact(0, 1), reference.value, 1e-10) << reference.name;
  }
}

TEST(Ssim, OfAnImageWithItselfIsOne) {
  const auto images = hard_images(20, 30, 4);
  const SsimMetric metric(images.view());
  for (std::int64_t k = 0; k < metric.num_left(); ++k) EXPECT_EQ(metric.exact(k, k), 1.0) << k;
}

// By hand: constants 0 and 255 give c1 / (255^2 + c1) in every window; the structure term is 1.
TEST(Ssim, OfBlackAndWhiteIsTheStabiliser) {
  const std::array<Array<std::uint8_t, 2>, 2> both{constant_image(9, 9, 0), constant_image(9, 9, 255)};
  const auto images = stack(both);
  EXPECT_NEAR(SsimMetric(images.view()).exact(0, 1), 6.5025 / (65025 + 6.5025), 1e-16);
}

TEST(Ssim, ComparesTwoSetsAsOne) {
  const auto images = hard_images(16, 17, 5);
  const auto left = images.view();
  auto right = images.view();
  right.data += 5 * right.stride[0];
  right.shape[0] -= 5;
  const SsimMetric one(left);
  const SsimMetric two(left, right);
  EXPECT_EQ(two.num_right(), one.num_right() - 5);
  for (std::int64_t i = 0; i < two.num_left(); ++i) {
    for (std::int64_t j = 0; j < two.num_right(); ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 5));
  }
  EXPECT_EQ(one.resident_bytes(), images.size());
  EXPECT_EQ(two.resident_bytes(), images.size() + right.size());
}

TEST(Ssim, RefusesImagesSmallerThanTheWindowAndUnequalSizes) {
  const Array<std::uint8_t, 3> small({2, 6, 9});
  expect_error(ErrorCode::invalid_argument, "9x6", [&] { SsimMetric{small.view()}; });
  const Array<std::uint8_t, 3> narrow({2, 9, 6});
  expect_error(ErrorCode::invalid_argument, "6x9 pixels are smaller", [&] { SsimMetric{narrow.view()}; });
  const Array<std::uint8_t, 3> a({2, 9, 8});
  const Array<std::uint8_t, 3> b({2, 8, 9});
  expect_error(ErrorCode::invalid_argument, "not 8x9 and 9x8", [&] { SsimMetric(a.view(), b.view()); });
  const View<const std::uint8_t, 3> huge(nullptr, {0, 1 << 16, (1 << 15) + 1});
  expect_error(ErrorCode::invalid_argument, "more than 2^31 pixels", [&] { SsimMetric{huge}; });
  auto strided = a.view();
  strided.shape[2] = 7;
  expect_error(ErrorCode::internal, "contiguous", [&] { SsimMetric{strided}; });
}

// The proof in docs/algorithms.md bounds the running sum of a patch's row, taken two windows at a time (halves of
// similarities, so a step adds at most 1 + 30u), by E(k) = E(k - 1) + u (k (1 + 30u) + E(k - 1)), E(1) = 0.
TEST(SsimBand, CoversTheProofsRecurrence) {
  const double u = kFloatRoundoff;
  double error = 0;
  for (std::int64_t steps = 1; steps <= kSsimRowSum / 2; ++steps) {
    if (steps > 1) error += u * (static_cast<double>(steps) * (1 + 30 * u) + error);
    const double of_mean = 2 * error / static_cast<double>(2 * steps - 1);
    EXPECT_LT(26 * u + 2 * u + of_mean, kSsimBand) << steps;
  }
}

// Several patches in each direction, the last ones of odd sizes.
TEST(Ssim, KeepsItsIntervalsWhereImagesAreCutIntoPatches) {
  IntervalUse use;
  const auto images = hard_images(137, 201, 6);
  check_intervals(SsimMetric(images.view()), use);
  EXPECT_LE(use.worst, 1);
}

}  // namespace
}  // namespace simile
