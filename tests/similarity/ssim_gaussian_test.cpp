// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/ssim_gaussian.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/arithmetic/ssim_gaussian.hpp"
#include "similarity/hard_images.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/similarity/make_metric.hpp"

namespace simile {
namespace {

class SsimGaussianOfSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SsimGaussianOfSize,
                         testing::Values(Size{11, 11}, Size{11, 12}, Size{12, 11}, Size{17, 23}, Size{28, 28},
                                         Size{13, 39}, Size{64, 64}, Size{11, 400}, Size{401, 11}),
                         size_name);

TEST_P(SsimGaussianOfSize, AgreesWithTheOracle) {
  const auto images = hard_images(GetParam().height, GetParam().width, 1);
  const SsimGaussianMetric metric(images.view());
  for (std::int64_t i = 0; i < metric.num_left(); i += 5) {
    for (std::int64_t j = 0; j < metric.num_right(); ++j) {
      ASSERT_NEAR(metric.exact(i, j), oracle_ssim_gaussian(images.view()[i], images.view()[j]), 1e-12)
          << i << ", " << j;
    }
  }
}

TEST_P(SsimGaussianOfSize, IsTheSameAtEveryLevelAndSymmetric) {
  const auto images = hard_images(GetParam().height, GetParam().width, 2);
  check_exact_everywhere(SsimGaussianMetric(images.view()), true);
}

TEST_P(SsimGaussianOfSize, KeepsItsIntervals) {
  IntervalUse use;
  for (int round = 0; round < kAttackRounds; ++round) {
    const auto images = hard_images(GetParam().height, GetParam().width, 100 + 10 * static_cast<std::uint64_t>(round));
    check_intervals(SsimGaussianMetric(images.view()), use);
  }
  EXPECT_LE(use.worst, 1);
  EXPECT_GT(use.worst, 0);
  RecordProperty("pairs", std::to_string(use.pairs));
  RecordProperty("worst_use", std::to_string(use.worst));
}

class SsimGaussianOfSmallSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SsimGaussianOfSmallSize, testing::Values(Size{11, 11}, Size{12, 14}, Size{13, 39}));

TEST_P(SsimGaussianOfSmallSize, NeverLosesAPairThatReachesTheFloor) {
  const auto images = hard_images(GetParam().height, GetParam().width, 3);
  check_floors(SsimGaussianMetric(images.view()));
}

// Several patches in each direction, the last ones of odd sizes.
TEST(SsimGaussian, KeepsItsIntervalsWhereImagesAreCutIntoPatches) {
  IntervalUse use;
  const auto images = hard_images(141, 206, 6);
  check_intervals(SsimGaussianMetric(images.view()), use);
  EXPECT_LE(use.worst, 1);
}

// Bands serve decisions only where they are narrow: photos, and one level of noise on what is flat and bright.
TEST(SsimGaussian, HasNarrowIntervalsOnPhotos) {
  std::vector<Array<std::uint8_t, 2>> photos;
  for (std::uint64_t seed = 0; seed < 8; ++seed) photos.push_back(natural_image(64, 64, seed));
  for (std::uint64_t seed = 8; seed < 12; ++seed) photos.push_back(noise_image(64, 64, seed, 254, 255));
  const auto images = stack(photos);
  const SsimGaussianMetric metric(images.view());
  Tile tile;
  tile.rows = tile.cols = {0, metric.num_left()};
  Workspace workspace(kPlentyOfMemory);
  std::vector<ScoredPair> scored;
  metric.screen(tile, {}, workspace, scored);
  for (const auto& [i, j, low, high] : scored) EXPECT_LT(high - low, 1e-4) << i << ", " << j;
}

TEST(SsimGaussian, AgreesWithScikitImage) {
  const auto references = ssim_gaussian_references();
  ASSERT_GT(references.size(), 300U);
  for (const auto& reference : references) {
    const std::array<Array<std::uint8_t, 2>, 2> both{reference.a.clone(), reference.b.clone()};
    const auto images = stack(both);
    EXPECT_NEAR(SsimGaussianMetric(images.view()).exact(0, 1), reference.value, 1e-10) << reference.name;
  }
}

TEST(SsimGaussian, OfAnImageWithItselfIsOne) {
  const auto images = hard_images(20, 30, 4);
  const SsimGaussianMetric metric(images.view());
  for (std::int64_t k = 0; k < metric.num_left(); ++k) EXPECT_EQ(metric.exact(k, k), 1.0) << k;
}

// Weights are the same from both ends, and so is the order of additions but for the last sums.
TEST(SsimGaussian, IsTheSameUpsideDown) {
  const auto images = hard_images(19, 27, 5);
  Array<std::uint8_t, 3> flipped({images.shape(0), images.shape(1), images.shape(2)});
  for (std::int64_t k = 0; k < images.shape(0); ++k) {
    for (std::int64_t y = 0; y < images.shape(1); ++y) {
      std::copy_n(images.view()[k][y].data, images.shape(2), flipped.view()[k][images.shape(1) - 1 - y].data);
    }
  }
  const SsimGaussianMetric metric(images.view());
  const SsimGaussianMetric turned(flipped.view());
  for (std::int64_t j = 0; j < metric.num_right(); ++j) EXPECT_NEAR(metric.exact(6, j), turned.exact(6, j), 1e-14) << j;
}

TEST(SsimGaussian, ComparesTwoSetsAsOne) {
  const auto images = hard_images(16, 17, 5);
  const auto left = images.view();
  auto right = images.view();
  right.data += 5 * right.stride[0];
  right.shape[0] -= 5;
  const SsimGaussianMetric one(left);
  const SsimGaussianMetric two(left, right);
  EXPECT_EQ(two.num_right(), one.num_right() - 5);
  for (std::int64_t i = 0; i < two.num_left(); ++i) {
    for (std::int64_t j = 0; j < two.num_right(); ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 5));
  }
  EXPECT_EQ(one.resident_bytes(), images.size());
}

TEST(SsimGaussian, RefusesImagesSmallerThanTheWindowAndUnequalSizes) {
  const Array<std::uint8_t, 3> small({2, 10, 13});
  expect_error(ErrorCode::invalid_argument, "13x10 pixels are smaller than SSIM's Gaussian window of 11x11",
               [&] { SsimGaussianMetric{small.view()}; });
  const Array<std::uint8_t, 3> narrow({2, 13, 10});
  expect_error(ErrorCode::invalid_argument, "10x13 pixels are smaller", [&] { SsimGaussianMetric{narrow.view()}; });
  const Array<std::uint8_t, 3> a({2, 13, 12});
  const Array<std::uint8_t, 3> b({2, 12, 13});
  expect_error(ErrorCode::invalid_argument, "not 12x13 and 13x12", [&] { SsimGaussianMetric(a.view(), b.view()); });
  const View<const std::uint8_t, 3> huge(nullptr, {0, 1 << 16, (1 << 15) + 1});
  expect_error(ErrorCode::invalid_argument, "more than 2^31 pixels", [&] { SsimGaussianMetric{huge}; });
  auto strided = a.view();
  strided.shape[2] = 11;
  expect_error(ErrorCode::internal, "contiguous", [&] { SsimGaussianMetric{strided}; });
}

TEST(SsimGaussian, IsWhatTheWindowSays) {
  Features features;
  features.method = Method::ssim;
  features.images = hard_images(16, 17, 7);
  const SsimGaussianMetric gaussian(features.images.view());
  const auto wanted = make_metric(features, {.window = SsimWindow::gaussian});
  EXPECT_EQ(wanted->exact(6, 7), gaussian.exact(6, 7));
  EXPECT_NE(make_metric(features)->exact(6, 7), gaussian.exact(6, 7));
}

// Whatever the budget, bytes are what cost() says: a tile that was planned from it never lacks memory.
TEST(SsimGaussian, ScreensWithinItsCost) {
  const SimdScope scope;
  const auto images = hard_images(90, 75, 8);
  const SsimGaussianMetric metric(images.view());
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    const Cost cost = metric.cost();
    for (const std::int64_t edge : {1, 3, 17}) {
      Tile tile;
      tile.rows = tile.cols = {0, edge};
      Workspace workspace(cost.fixed_bytes + edge * (cost.bytes_per_row + cost.bytes_per_column) +
                          edge * edge * cost.bytes_per_pair);
      std::vector<ScoredPair> scored;
      metric.screen(tile, {}, workspace, scored);
      EXPECT_EQ(scored.size(), static_cast<std::size_t>(edge * edge)) << to_string(level);
    }
  }
}

// The proof in docs/algorithms.md bounds the running sum of a patch's row, two windows at a time (halves of
// similarities, each step at most B), by E(k) = E(k - 1) + u (k B + E(k - 1)), E(1) = 0.
TEST(SsimGaussianBand, CoversTheProofsRecurrence) {
  const double u = kFloatRoundoff;
  const double most = 1.003;
  double error = 0;
  for (std::int64_t steps = 1; steps <= kGaussianRowSum; ++steps) {
    if (steps > 1) error += u * (static_cast<double>(steps) * most + error);
    EXPECT_LT(25 * u + 2 * u + error / static_cast<double>(steps), gaussian_band(0, 0)) << steps;
  }
  // A window's error in 2 C / E, the largest there is, is what `most` allows.
  EXPECT_LT(1 + 2 * 19.1 * u * 65025 / 58.5 + 25 * u, most);
}

// The weights are those that the definition's exp() gives, and sum to 1.
TEST(SsimGaussianWeights, AreTheGaussians) {
  long double sum = 0;
  for (int d = -5; d <= 5; ++d) sum += std::exp(-d * d / 4.5L);
  long double total = -kGaussianWeights[0];
  for (int d = 0; d <= 5; ++d) {
    EXPECT_NEAR(kGaussianWeights[d], static_cast<double>(std::exp(-d * d / 4.5L) / sum), 1e-16) << d;
    total += 2 * static_cast<long double>(kGaussianWeights[d]);
  }
  EXPECT_NEAR(static_cast<double>(total - 1), 0, 0x1p-53);
}

}  // namespace
}  // namespace simile
