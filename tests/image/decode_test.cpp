// SPDX-License-Identifier: Apache-2.0
#include "simile/image/decode.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "image/pictures.hpp"
#include "support/image_errors.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

using namespace simile::test;

std::vector<int> lossless_webp() { return {cv::IMWRITE_WEBP_QUALITY, 101}; }

TEST(Decode, GivesExactPixelsOfLosslessFormats) {
  const auto picture = photo(53, 31);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".png", picture), {})), picture), 0);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".bmp", picture), {})), picture), 0);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".webp", picture, lossless_webp()), {})), picture), 0);
}

TEST(Decode, GivesTheSamePixelsAsOpencvForLossyFormats) {
  for (const std::string extension : {".jpg", ".webp"}) {
    const auto file = encode(extension, photo(101, 67), {cv::IMWRITE_JPEG_QUALITY, 80, cv::IMWRITE_WEBP_QUALITY, 80});
    EXPECT_EQ(largest_difference(bgr(decode_image(file, {})), cv::imdecode(file, cv::IMREAD_COLOR)), 0) << extension;
  }
}

class EveryOrientation : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Decode, EveryOrientation, ::testing::Range(1, 9));

TEST_P(EveryOrientation, IsAppliedExactly) {
  const auto picture = photo(7, 5);
  const auto tiff = tiff_with_orientation(GetParam(), true);
  const auto expected = upright(picture, GetParam());
  EXPECT_EQ(largest_difference(bgr(decode_image(png_with_exif(encode(".png", picture), tiff), {})), expected), 0);
  const auto webp = webp_with_exif(encode(".webp", picture, lossless_webp()), 7, 5, tiff);
  EXPECT_EQ(largest_difference(bgr(decode_image(webp, {})), expected), 0);

  const auto jpeg = encode(".jpg", colour_blocks(5, 3));
  const auto turned = bgr(decode_image(jpeg_with_exif(jpeg, tiff), {}));
  EXPECT_EQ(largest_difference(turned, upright(bgr(decode_image(jpeg, {})), GetParam())), 0);
  // OpenCV applies EXIF itself when it is let.
  EXPECT_EQ(largest_difference(turned, cv::imdecode(jpeg_with_exif(jpeg, tiff), cv::IMREAD_COLOR)), 0);
}

TEST(ReducedDecode, PicksTheSmallestScaleThatIsTwiceTheWantedSize) {
  const auto file = encode(".jpg", photo(400, 533));
  const auto size = [&](std::int64_t width, std::int64_t height) {
    return decoded_size(file, {.reduce_for = PixelSize{width, height}});
  };
  EXPECT_EQ(size(25, 33), (PixelSize{50, 67}));
  EXPECT_EQ(size(26, 33), (PixelSize{100, 134}));
  EXPECT_EQ(size(25, 34), (PixelSize{100, 134}));
  EXPECT_EQ(size(64, 64), (PixelSize{200, 267}));
  EXPECT_EQ(size(101, 64), (PixelSize{400, 533}));
  EXPECT_EQ(size(1000, 1000), (PixelSize{400, 533}));
  EXPECT_EQ(decoded_size(file, {}), (PixelSize{400, 533}));
}

TEST(ReducedDecode, MeansTheUprightImage) {
  const auto file = jpeg_with_exif(encode(".jpg", photo(400, 200)), tiff_with_orientation(6, false));
  EXPECT_EQ(decoded_size(file, {.reduce_for = PixelSize{12, 25}}), (PixelSize{25, 50}));
  EXPECT_EQ(decoded_size(file, {.reduce_for = PixelSize{25, 12}}), (PixelSize{50, 100}));
}

TEST(ReducedDecode, LooksLikeTheAreaAverage) {
  const auto file = encode(".jpg", photo(256, 256), {cv::IMWRITE_JPEG_QUALITY, 95});
  cv::Mat expected;
  cv::resize(bgr(decode_image(file, {})), expected, {64, 64}, 0, 0, cv::INTER_AREA);
  const auto reduced = bgr(decode_image(file, {.reduce_for = PixelSize{32, 32}}));
  ASSERT_EQ(reduced.size(), expected.size());
  EXPECT_LT(cv::norm(reduced, expected, cv::NORM_L1) / (64 * 64 * 3), 3.0);
}

TEST(ReducedDecode, LeavesOtherFormatsAlone) {
  EXPECT_EQ(decoded_size(encode(".png", photo(64, 64)), {.reduce_for = PixelSize{4, 4}}), (PixelSize{64, 64}));
}

TEST(Decode, TurnsInksIntoColours) {
  // Adobe's inverted inks: RGB = ink * key / 255.
  const cv::Mat inks(16, 24, CV_8UC4, cv::Scalar(100, 150, 200, 220));
  const auto ycck = encode_ycck_jpeg(inks);
  const auto expect_colour = [](const File& file, const cv::Scalar& blue_green_red) {
    const auto image = bgr(decode_image(file, {}));
    EXPECT_EQ(image.size(), cv::Size(24, 16));
    EXPECT_LE(largest_difference(image, cv::Mat(16, 24, CV_8UC3, blue_green_red)), 3.0);
  };
  expect_colour(ycck, {200 * 220 / 255.0, 150 * 220 / 255.0, 100 * 220 / 255.0});

  // Marked as plain CMYK, the same samples are taken as they are: luma and chroma of (155, 105, 55) become inks.
  auto cmyk = ycck;
  const std::string_view adobe = "Adobe";
  const auto marker = std::search(cmyk.begin(), cmyk.end(), adobe.begin(), adobe.end());
  ASSERT_NE(marker, cmyk.end());
  ASSERT_EQ(marker[11], 2);
  marker[11] = 0;
  expect_colour(cmyk, {157 * 220 / 255.0, 95 * 220 / 255.0, 114 * 220 / 255.0});
}

TEST(Decode, ReducesAndTurnsInks) {
  cv::Mat inks(64, 32, CV_8UC4, cv::Scalar(255, 255, 255, 255));
  inks(cv::Rect(0, 0, 32, 32)).setTo(cv::Scalar(0, 255, 255, 255));
  const auto file = jpeg_with_exif(encode_ycck_jpeg(inks), tiff_with_orientation(6, true));
  const auto image = bgr(decode_image(file, {.reduce_for = PixelSize{8, 4}}));
  ASSERT_EQ(image.size(), cv::Size(16, 8));
  EXPECT_LT(image.at<cv::Vec3b>(4, 13)[2], 20);  // cyan ink: no red; the top has become the right
  EXPECT_GT(image.at<cv::Vec3b>(4, 2)[2], 235);
}

TEST(Decode, ScalesSixteenBits) {
  cv::Mat deep(3, 5, CV_16UC3);
  int value = 0;
  for (auto* sample = deep.ptr<std::uint16_t>(); sample != deep.ptr<std::uint16_t>() + 45; ++sample) {
    *sample = static_cast<std::uint16_t>(value += 1449);
  }
  deep.at<cv::Vec3w>(0, 0) = {0, 128, 129};
  deep.at<cv::Vec3w>(2, 4) = {65535, 65407, 65406};
  cv::Mat expected;
  deep.convertTo(expected, CV_8U, 1.0 / 257);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".png", deep), {})), expected), 0);
  EXPECT_EQ(expected.at<cv::Vec3b>(0, 0), cv::Vec3b(0, 0, 1));

  cv::Mat grey(2, 2, CV_16UC1, cv::Scalar(40000));
  const auto image = bgr(decode_image(encode(".png", grey), {}));
  EXPECT_EQ(largest_difference(image, cv::Mat(2, 2, CV_8UC3, cv::Scalar::all(156))), 0);
}

TEST(Decode, ResolvesPalettes) {
  // Two bits a pixel; rows of indices 0 1 2 3 and 3 2 1 0.
  const auto png = make_png(4, 2, 2, 3, {0, 0b00011011, 0, 0b11100100}, {255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7});
  const auto image = decode_image(png_with_chunk(png, "gAMA", File{0, 0, 1, 0}), {});
  ASSERT_EQ(image.size(), 4 * 2 * 3);
  const auto view = image.view();
  EXPECT_EQ(view(0, 0, 0), 255);
  EXPECT_EQ(view(0, 1, 1), 255);
  EXPECT_EQ(view(0, 2, 2), 255);
  EXPECT_EQ(view(1, 0, 0), 9);
  EXPECT_EQ(view(1, 0, 2), 7);
  EXPECT_EQ(view(1, 3, 0), 255);
}

TEST(Decode, WidensGreyAndSingleBits) {
  const auto grey = decode_image(make_png(2, 1, 8, 0, {0, 17, 200}), {});
  EXPECT_EQ(grey.view()(0, 1, 0), 200);
  EXPECT_EQ(grey.view()(0, 1, 2), 200);
  const auto bits = decode_image(make_png(8, 1, 1, 0, {0, 0b01000001}), {});
  EXPECT_EQ(bits.view()(0, 0, 1), 0);
  EXPECT_EQ(bits.view()(0, 1, 1), 255);
  EXPECT_EQ(bits.view()(0, 7, 1), 255);
  cv::Mat level(8, 8, CV_8UC1, cv::Scalar(77));
  EXPECT_NEAR(decode_image(encode(".jpg", level), {}).view()(3, 3, 0), 77, 1);
}

TEST(Decode, IgnoresAlpha) {
  const auto picture = photo(11, 9);
  cv::Mat alpha(9, 11, CV_8UC1);
  for (int k = 0; k < 99; ++k) alpha.data[k] = static_cast<std::uint8_t>(1 + 2 * k);
  cv::Mat with_alpha;
  cv::merge(std::vector<cv::Mat>{picture, alpha}, with_alpha);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".png", with_alpha), {})), picture), 0);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".webp", with_alpha, lossless_webp()), {})), picture), 0);
  // A transparent colour is a colour.
  const auto png = make_png(1, 1, 8, 2, {0, 1, 2, 3});
  const auto image = decode_image(png_with_chunk(png, "tRNS", File{0, 1, 0, 2, 0, 3}), {});
  EXPECT_EQ(image.view()(0, 0, 0), 1);
  EXPECT_EQ(image.view()(0, 0, 2), 3);
}

TEST(Decode, HandlesExtremeSides) {
  for (const std::string extension : {".jpg", ".png", ".webp", ".bmp"}) {
    EXPECT_EQ(decoded_size(encode(extension, photo(1, 1)), {}), (PixelSize{1, 1})) << extension;
  }
  EXPECT_EQ(decoded_size(encode(".jpg", photo(1, 65500)), {}), (PixelSize{1, 65500}));
  EXPECT_EQ(decoded_size(encode(".jpg", photo(65500, 1)), {.reduce_for = PixelSize{1, 1}}), (PixelSize{65500, 1}));
}

TEST(Decode, ReadsBmpFromTopToBottom) {
  auto file = encode(".bmp", photo(6, 4));
  put_little(file, 22, 4, static_cast<std::uint32_t>(-4));
  cv::Mat expected;
  cv::flip(photo(6, 4), expected, 0);
  EXPECT_EQ(largest_difference(bgr(decode_image(file, {})), expected), 0);
}

TEST(DecodeBytes, CoversResultAndDecoder) {
  ImageHeader header{.format = ImageFormat::jpeg, .width_px = 4000, .height_px = 3000, .channels = 3};
  const std::int64_t pixels = 12'000'000;
  const auto baseline = decode_bytes(header, {});
  EXPECT_GE(baseline, 3 * pixels);
  EXPECT_LE(baseline, 4 * pixels);
  header.buffered = true;
  EXPECT_GE(decode_bytes(header, {}), 9 * pixels);
  header.buffered = false;
  header.orientation = 6;
  EXPECT_GE(decode_bytes(header, {}), 6 * pixels);
  header.orientation = 1;
  EXPECT_LE(decode_bytes(header, {.reduce_for = PixelSize{64, 64}}), pixels);
  header.format = ImageFormat::png;
  header.bits_per_sample = 16;
  EXPECT_GE(decode_bytes(header, {}), 9 * pixels);
}

}  // namespace
}  // namespace simile
