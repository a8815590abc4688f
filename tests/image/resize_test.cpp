// SPDX-License-Identifier: Apache-2.0
#include "simile/image/resize.hpp"

#include <utility>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "support/image_errors.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

using namespace simile::test;

View<const std::uint8_t, 3> view_of(const cv::Mat& image) {
  View<const std::uint8_t, 3> view(image.data, {image.rows, image.cols, image.channels()});
  view.stride[0] = static_cast<std::int64_t>(image.step);
  return view;
}

/// Whether an array [height, width, ...] holds exactly the matrix's samples.
template <int Rank>
bool same(const Array<std::uint8_t, Rank>& array, const cv::Mat& expected) {
  if (array.shape(0) != expected.rows || array.shape(1) != expected.cols) return false;
  const cv::Mat actual(expected.rows, expected.cols, expected.type(), const_cast<std::uint8_t*>(array.data()));
  return cv::norm(actual, expected, cv::NORM_INF) == 0;
}

cv::Mat resized(const cv::Mat& image, int width, int height, int interpolation) {
  cv::Mat out;
  cv::resize(image, out, {width, height}, 0, 0, interpolation);
  return out;
}

TEST(Grey, EqualsOpencv) {
  const auto picture = photo(67, 41);
  cv::Mat expected;
  cv::cvtColor(picture, expected, cv::COLOR_RGB2GRAY);
  EXPECT_TRUE(same(to_grey(view_of(picture)), expected));
}

TEST(Grey, WeighsRedGreenBlueInThatOrder) {
  const std::array<std::uint8_t, 9> pixels{255, 0, 0, 0, 255, 0, 0, 0, 255};
  const auto grey = to_grey({pixels.data(), {1, 3, 3}});
  EXPECT_EQ(grey.data()[0], 76);
  EXPECT_EQ(grey.data()[1], 150);
  EXPECT_EQ(grey.data()[2], 29);
}

TEST(Grey, ReadsRowsWithAStride) {
  const auto whole = photo(40, 30);
  const auto part = whole(cv::Rect(5, 6, 20, 10));
  cv::Mat expected;
  cv::cvtColor(part, expected, cv::COLOR_RGB2GRAY);
  EXPECT_TRUE(same(to_grey(view_of(part)), expected));
}

TEST(Resize, AveragesAreasWhenBothSidesShrink) {
  const auto picture = photo(67, 41);
  EXPECT_TRUE(same(resize(view_of(picture), {16, 16}), resized(picture, 16, 16, cv::INTER_AREA)));
  EXPECT_FALSE(same(resize(view_of(picture), {16, 16}), resized(picture, 16, 16, cv::INTER_LINEAR)));
}

/// A seeded size of up to `largest` a side.
PixelSize some_size(cv::RNG& random, int least, int largest) {
  return {random.uniform(least, largest + 1), random.uniform(least, largest + 1)};
}

TEST(Resize, AveragesAreasOfEverySizeAsOpencvDoes) {
  cv::RNG random(20240601);
  for (int round = 0; round < 400; ++round) {
    const auto large = some_size(random, 2, round % 4 == 0 ? 300 : 60);
    const auto small = some_size(random, 1, 1 << 20);
    const PixelSize size{small.width_px % (large.width_px - 1) + 1, small.height_px % (large.height_px - 1) + 1};
    cv::Mat noise(static_cast<int>(large.height_px), static_cast<int>(large.width_px),
                  round % 2 == 0 ? CV_8UC1 : CV_8UC3);
    random.fill(noise, cv::RNG::UNIFORM, 0, 256);
    if (round % 5 == 0) noise.setTo(cv::Scalar::all(255));  // sums of weights must not wrap beyond white
    const auto expected =
        resized(noise, static_cast<int>(size.width_px), static_cast<int>(size.height_px), cv::INTER_AREA);
    EXPECT_TRUE(same(resize(view_of(noise), size), expected))
        << large.width_px << "x" << large.height_px << "x" << noise.channels() << " to " << size.width_px << "x"
        << size.height_px;
  }
}

TEST(Resize, AveragesAreasOfRowsWithAStride) {
  const auto whole = photo(90, 70);
  const auto part = whole(cv::Rect(5, 6, 61, 43));
  EXPECT_TRUE(same(resize(view_of(part), {16, 17}), resized(part, 16, 17, cv::INTER_AREA)));
}

TEST(Resize, InterpolatesWhenASideDoesNotShrink) {
  const auto picture = photo(67, 41);
  for (const auto& [width, height] : {std::pair{100, 100}, std::pair{16, 100}, std::pair{100, 16}, std::pair{67, 16}}) {
    EXPECT_TRUE(same(resize(view_of(picture), {width, height}), resized(picture, width, height, cv::INTER_LINEAR)));
  }
}

TEST(Resize, CopiesEqualSizes) {
  const auto picture = photo(67, 41);
  EXPECT_TRUE(same(resize(view_of(picture), {67, 41}), picture));
}

TEST(Resize, TreatsGreyAlike) {
  cv::Mat grey;
  cv::cvtColor(photo(67, 41), grey, cv::COLOR_BGR2GRAY);
  const View<const std::uint8_t, 2> view(grey.data, {grey.rows, grey.cols});
  EXPECT_TRUE(same(resize(view, {13, 17}), resized(grey, 13, 17, cv::INTER_AREA)));
  EXPECT_TRUE(same(resize(view, {130, 17}), resized(grey, 130, 17, cv::INTER_LINEAR)));
}

TEST(Resize, RefusesEmptySizes) {
  const auto picture = photo(8, 8);
  EXPECT_THAT(error_of([&] { resize(view_of(picture), {0, 5}); }), IsError(ErrorCode::invalid_argument, "to 0 x 5"));
}

TEST(EncodeJpeg, RoundTripsClosely) {
  const auto picture = photo(67, 41);
  const auto file = encode_jpeg(view_of(picture), 95);
  const auto decoded = decode_image(file, {});
  const cv::Mat actual(41, 67, CV_8UC3, const_cast<std::uint8_t*>(std::as_const(decoded).data()));
  EXPECT_LT(cv::norm(actual, picture, cv::NORM_L1) / (67 * 41 * 3), 8.0);
  EXPECT_LT(encode_jpeg(view_of(picture), 20).size(), file.size());
}

TEST(EncodeJpeg, RefusesQualitiesOutsideTheRange) {
  const auto picture = photo(8, 8);
  for (const int quality : {0, 101}) {
    EXPECT_THAT(error_of([&] { encode_jpeg(view_of(picture), quality); }),
                IsError(ErrorCode::invalid_argument, "1 to 100"));
  }
}

}  // namespace
}  // namespace simile
