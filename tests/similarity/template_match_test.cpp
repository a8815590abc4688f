// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/template_match.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/arithmetic/template_match.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

/// Colour images of extremes, flat levels, noise, and neighbours that differ by one level; 0 and 1 are black.
Array<std::uint8_t, 4> hard_images(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  constexpr std::int64_t kImages = 24;
  Array<std::uint8_t, 4> images({kImages, height, width, 3});
  Random random(seed);
  const std::int64_t values = height * width * 3;
  for (std::int64_t item = 2; item < kImages; ++item) {
    std::uint8_t* const image = images.data() + item * values;
    for (std::int64_t k = 0; k < values; ++k) {
      const auto noise = static_cast<std::uint8_t>(random.below(256));
      switch (item % 8) {
        case 0:
          image[k] = noise;
          break;
        case 1:
          image[k] = static_cast<std::uint8_t>(noise < 128 ? 0 : 255);
          break;
        case 2:
          image[k] = 255;
          break;
        case 3:
          image[k] = static_cast<std::uint8_t>(254 + noise % 2);
          break;
        case 4:
          image[k] = static_cast<std::uint8_t>(k == 0 ? item : 0);
          break;
        case 5:
          image[k] = static_cast<std::uint8_t>(127 + noise % 2);
          break;
        case 6:
          image[k] = images.data()[3 * values + k];  // image 3 again
          break;
        default:
          image[k] = static_cast<std::uint8_t>(std::min(255, images.data()[3 * values + k] + (noise < 4 ? 1 : 0)));
      }
    }
  }
  return images;
}

struct Size {
  std::int64_t height;
  std::int64_t width;
  friend void PrintTo(const Size& size, std::ostream* out) { *out << size.width << "x" << size.height; }
};

class TemplateOfSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, TemplateOfSize,
                         testing::Values(Size{1, 1}, Size{3, 7}, Size{4, 16}, Size{16, 16}, Size{5, 13}, Size{64, 64},
                                         Size{31, 33}, Size{150, 151}),  // the last beyond one sum of products
                         testing::PrintToStringParamName());

TEST_P(TemplateOfSize, AgreesWithTheOracle) {
  const auto images = hard_images(GetParam().height, GetParam().width, 1);
  const TemplateMetric metric(images.view());
  for (std::int64_t i = 0; i < metric.num_left(); ++i) {
    for (std::int64_t j = 0; j < metric.num_right(); ++j) {
      const double expected = oracle_template(images.view()[i], images.view()[j]);
      ASSERT_NEAR(metric.exact(i, j), expected, 1e-14) << i << ", " << j;
      ASSERT_GE(metric.exact(i, j), 0);
      ASSERT_LE(metric.exact(i, j), 1);
    }
  }
}

TEST_P(TemplateOfSize, IsTheSameAtEveryLevelAndSymmetric) {
  const auto images = hard_images(GetParam().height, GetParam().width, 2);
  check_exact_everywhere(TemplateMetric(images.view()), true);
}

TEST_P(TemplateOfSize, ScreensExactly) {
  const auto images = hard_images(GetParam().height, GetParam().width, 3);
  IntervalUse use;
  check_intervals(TemplateMetric(images.view()), use);
  EXPECT_EQ(use.worst, 0);  // points
}

class TemplateOfSmallSize : public TemplateOfSize {};
INSTANTIATE_TEST_SUITE_P(Sizes, TemplateOfSmallSize,
                         testing::Values(Size{1, 1}, Size{3, 7}, Size{16, 16}, Size{27, 31}),  // the last in two stages
                         testing::PrintToStringParamName());

TEST_P(TemplateOfSmallSize, NeverLosesAPairThatReachesTheFloor) {
  const auto images = hard_images(GetParam().height, GetParam().width, 4);
  check_floors(TemplateMetric(images.view()));
}

TEST(Template, AgreesWithOpenCv) {
  const auto references = template_references();
  EXPECT_GT(references.size(), 200U);
  for (const auto& [name, images, sqdiff_normed] : references) {
    const TemplateMetric metric(images.view());
    const bool black = std::all_of(images.data(), images.data() + images.size(), [](auto value) { return value == 0; });
    // OpenCV gives 0 for two black images: docs/definitions.md.
    EXPECT_NEAR(metric.exact(0, 1), black ? 1 : 1 - std::min(1.0, sqdiff_normed), 1e-6) << name;
  }
}

TEST(Template, OfBlackImages) {
  const auto images = hard_images(5, 5, 5);
  const TemplateMetric metric(images.view());
  EXPECT_EQ(metric.exact(0, 1), 1.0);
  for (std::int64_t k = 2; k < metric.num_left(); ++k) EXPECT_EQ(metric.exact(0, k), 0.0) << k;
}

TEST(Template, OfIdenticalImagesIsExactlyOne) {
  const auto images = hard_images(9, 9, 6);
  const TemplateMetric metric(images.view());
  for (std::int64_t k = 0; k < metric.num_left(); ++k) EXPECT_EQ(metric.exact(k, k), 1.0) << k;
  EXPECT_EQ(metric.exact(3, 6), 1.0);
}

TEST(Template, ComparesTwoSetsAsOne) {
  const auto images = hard_images(6, 7, 7);
  const auto left = images.view();
  auto right = left;
  right.data += 5 * right.stride[0];
  right.shape[0] -= 5;
  const TemplateMetric one(left);
  const TemplateMetric two(left, right);
  for (std::int64_t i = 0; i < two.num_left(); ++i) {
    for (std::int64_t j = 0; j < two.num_right(); ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 5));
  }
  IntervalUse use;
  check_intervals(two, use);
}

// Differences one by one, at floors on the very similarity and next to it: the quick test must not be the one to
// decide.
TEST(Template, RejectsOnlyBelowTheFloor) {
  Random random(8);
  for (int round = 0; round < 200000; ++round) {
    const std::int64_t x = 1 + static_cast<std::int64_t>(random.below(1ULL << (1 + random.below(44))));
    const std::int64_t y = 1 + static_cast<std::int64_t>(random.below(1ULL << (1 + random.below(44))));
    const double roots = std::sqrt(static_cast<double>(x)) * std::sqrt(static_cast<double>(y));
    const auto difference = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(1.2 * roots) + 2));
    const double similarity = template_similarity(difference, x, y);
    for (const double floor : {similarity, std::nextafter(similarity, 0.0)}) {
      if (floor <= 0) continue;
      ASSERT_LE(static_cast<double>(difference), template_reach(floor) * roots) << x << ", " << y << ", " << difference;
    }
  }
}

TEST(Template, RefusesImagesThatDoNotFit) {
  const Array<std::uint8_t, 4> a({2, 4, 5, 3});
  const Array<std::uint8_t, 4> b({2, 5, 4, 3});
  const Array<std::uint8_t, 4> grey({2, 4, 5, 1});
  const Array<std::uint8_t, 4> none({2, 0, 5, 3});
  const Array<std::uint8_t, 4> huge({0, 1 << 20, 1 << 20, 3});
  expect_error(ErrorCode::invalid_argument, "5x4 and 4x5 pixels", [&] { TemplateMetric(a.view(), b.view()); });
  expect_error(ErrorCode::invalid_argument, "1 channels", [&] { TemplateMetric{grey.view()}; });
  expect_error(ErrorCode::invalid_argument, "5x0 pixels", [&] { TemplateMetric{none.view()}; });
  expect_error(ErrorCode::invalid_argument, "1048576x1048576 pixels", [&] { TemplateMetric{huge.view()}; });
}

}  // namespace
}  // namespace simile
