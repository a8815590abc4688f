// SPDX-License-Identifier: Apache-2.0
// Pixels of TIFF, GIF, PNM, HEIC and AVIF.
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "image/pictures.hpp"
#include "support/coded_files.hpp"
#include "support/image_errors.hpp"
#include "support/tiff_files.hpp"

namespace simile {
namespace {

using namespace simile::test;

struct TiffCase {
  std::string name;
  TiffLayout layout;
};

std::ostream& operator<<(std::ostream& out, const TiffCase& value) { return out << value.name; }

class EveryTiffLayout : public ::testing::TestWithParam<TiffCase> {};
INSTANTIATE_TEST_SUITE_P(Decode, EveryTiffLayout,
                         ::testing::Values(TiffCase{"strips", {}}, TiffCase{"one_strip", {.rows_per_strip = 1000}},
                                           TiffCase{"planes", {.separate = true}}, TiffCase{"tiles", {.tile = 16}},
                                           TiffCase{"tiles_of_planes", {.separate = true, .tile = 32}},
                                           TiffCase{"one_large_tile", {.tile = 128}},
                                           TiffCase{"lzw", {.compression = COMPRESSION_LZW}},
                                           TiffCase{"deflate", {.compression = COMPRESSION_ADOBE_DEFLATE}},
                                           TiffCase{"packbits", {.compression = COMPRESSION_PACKBITS}},
                                           TiffCase{"big_endian", {.big_endian = true}},
                                           TiffCase{"bigtiff", {.big = true}},
                                           TiffCase{"bigtiff_big_endian", {.big_endian = true, .big = true}},
                                           TiffCase{"first_of_pages", {.pages = 5}}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(EveryTiffLayout, GivesExactPixels) {
  const auto picture = photo(53, 31);
  EXPECT_EQ(largest_difference(bgr(decode_image(write_tiff(picture, GetParam().layout), {})), picture), 0);
}

TEST_P(EveryTiffLayout, ScalesSixteenBits) {
  cv::Mat deep;
  photo(53, 31).convertTo(deep, CV_16U, 256, 77);
  cv::Mat expected;
  deep.convertTo(expected, CV_8U, 1.0 / 257);
  EXPECT_EQ(largest_difference(bgr(decode_image(write_tiff(deep, GetParam().layout), {})), expected), 0);
}

TEST(TiffDecode, TurnsEveryOrientation) {
  const auto picture = photo(7, 5);
  cv::Mat few_levels = picture / 16 * 16;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto expected = upright(picture, orientation);
    EXPECT_EQ(largest_difference(bgr(decode_image(write_tiff(picture, {.orientation = orientation}), {})), expected), 0)
        << orientation;
    // By libtiff's own conversion.
    const std::vector<std::uint8_t> bits{0b10110000, 0b00100000};
    const auto bilevel =
        write_tiff(bits.data(), 4, 2,
                   {.bits = 1, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK, .orientation = orientation});
    const cv::Mat stored = (cv::Mat_<std::uint8_t>(2, 4) << 255, 0, 255, 255, 0, 0, 255, 0);
    cv::Mat colour;
    cv::cvtColor(stored, colour, cv::COLOR_GRAY2BGR);
    EXPECT_EQ(largest_difference(bgr(decode_image(bilevel, {})), upright(colour, orientation)), 0) << orientation;
  }
}

/// Levels of the first row's first channel.
std::vector<int> first_row(const Image& image) {
  std::vector<int> levels;
  for (std::int64_t x = 0; x < image.shape(1); ++x) levels.push_back(image.view()(0, x, 0));
  return levels;
}

TEST(TiffDecode, ScalesFloatsFromZeroToOneAndCutsOffWhatIsBeyond) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const cv::Mat single = (cv::Mat_<float>(1, 8) << 0, 1, 0.5F, 0.25F, -3, 7, nan, infinity);
  const std::vector<int> expected{0, 255, 128, 64, 0, 255, 0, 255};
  EXPECT_EQ(first_row(decode_image(write_tiff(single), {})), expected);
  cv::Mat twice;
  single.convertTo(twice, CV_64F);
  EXPECT_EQ(first_row(decode_image(write_tiff(twice), {})), expected);
}

TEST(TiffDecode, ScalesThirtyTwoBitsAndRefusesSignedSamples) {
  const std::vector<std::uint32_t> samples{0, 0xffffffff, 0x80000000};
  TiffLayout layout{.bits = 32, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK};
  EXPECT_EQ(first_row(decode_image(write_tiff(samples.data(), 3, 1, layout), {})), (std::vector{0, 255, 128}));
  layout.kind = SAMPLEFORMAT_INT;
  EXPECT_THAT(error_of([&] { decode_image(write_tiff(samples.data(), 3, 1, layout), {}); }),
              IsError(ErrorCode::decode, "TIFF of 32-bit samples of kind 2 is not supported"));
}

TEST(TiffDecode, ReadsGreyInverseGreyBitsAndPalettes) {
  const std::vector<std::uint8_t> grey{0, 100, 255};
  TiffLayout layout{.samples = 1, .photometric = PHOTOMETRIC_MINISBLACK};
  EXPECT_EQ(first_row(decode_image(write_tiff(grey.data(), 3, 1, layout), {})), (std::vector{0, 100, 255}));
  layout.photometric = PHOTOMETRIC_MINISWHITE;
  EXPECT_EQ(first_row(decode_image(write_tiff(grey.data(), 3, 1, layout), {})), (std::vector{255, 155, 0}));
  const std::uint8_t packed = 0b00011011;
  layout = {.bits = 2, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK};
  EXPECT_EQ(first_row(decode_image(write_tiff(&packed, 4, 1, layout), {})), (std::vector{0, 85, 170, 255}));
  layout.photometric = PHOTOMETRIC_PALETTE;
  for (const int level : {10, 20, 30, 40, 1, 2, 3, 4, 5, 6, 7, 8}) {
    layout.palette.push_back(static_cast<std::uint16_t>(257 * level));
  }
  const auto image = decode_image(write_tiff(&packed, 4, 1, layout), {});
  EXPECT_EQ(first_row(image), (std::vector{10, 20, 30, 40}));
  EXPECT_EQ(image.view()(0, 2, 1), 3);
  EXPECT_EQ(image.view()(0, 2, 2), 7);
}

TEST(TiffDecode, IgnoresAlphaOfEitherKind) {
  cv::Mat picture(4, 5, CV_8UC4, cv::Scalar(10, 120, 230, 3));
  for (const int kind : {EXTRASAMPLE_ASSOCALPHA, EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_UNSPECIFIED}) {
    const auto image = bgr(decode_image(write_tiff(picture, {.extra_sample = kind}), {}));
    EXPECT_EQ(largest_difference(image, cv::Mat(4, 5, CV_8UC3, cv::Scalar(10, 120, 230))), 0) << kind;
  }
}

TEST(TiffDecode, TurnsInksIntoColours) {
  const cv::Mat inks(8, 8, CV_8UC4, cv::Scalar(55, 105, 155, 35));
  const auto file = write_tiff(inks.data, 8, 8, {.samples = 4, .photometric = PHOTOMETRIC_SEPARATED});
  const cv::Scalar expected(100 * 220 / 255.0, 150 * 220 / 255.0, 200 * 220 / 255.0);
  EXPECT_LE(largest_difference(bgr(decode_image(file, {})), cv::Mat(8, 8, CV_8UC3, expected)), 1.0);
}

TEST(TiffDecode, ReadsJpegStrips) {
  const auto picture = colour_blocks(4, 3);
  const auto file =
      write_tiff(picture, {.photometric = PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG, .rows_per_strip = 16});
  EXPECT_LE(largest_difference(bgr(decode_image(file, {})), picture), 20.0);
}

/// What the colours of `indices` look like.
cv::Mat coloured(const cv::Mat& indices, const std::vector<cv::Vec3b>& palette) {
  cv::Mat out(indices.size(), CV_8UC3);
  for (int y = 0; y < indices.rows; ++y) {
    for (int x = 0; x < indices.cols; ++x) {
      const auto rgb = palette[indices.at<std::uint8_t>(y, x)];
      out.at<cv::Vec3b>(y, x) = {rgb[2], rgb[1], rgb[0]};
    }
  }
  return out;
}

TEST(GifDecode, GivesExactPixelsPlainAndInterlaced) {
  for (const auto& [width, height] : {std::pair{53, 31}, {1, 1}, {3, 2}, {200, 7}}) {
    const auto indices = gif_indices(width, height);
    for (const bool interlaced : {false, true}) {
      const auto file = write_gif(width, height, gif_colours(), {{.indices = indices, .interlaced = interlaced}});
      EXPECT_EQ(largest_difference(bgr(decode_image(file, {})), coloured(indices, gif_colours())), 0)
          << width << "x" << height << " interlaced " << interlaced;
    }
  }
}

TEST(GifDecode, TakesTheFirstFrameOfAnAnimation) {
  const auto indices = gif_indices(20, 10);
  const auto file =
      write_gif(20, 10, gif_colours(), {{.indices = indices}, {.indices = cv::Mat(10, 20, CV_8UC1, cv::Scalar(5))}});
  EXPECT_EQ(largest_difference(bgr(decode_image(file, {})), coloured(indices, gif_colours())), 0);
}

TEST(GifDecode, PlacesAFrameOnItsScreenAndShowsTransparentColours) {
  // Beside the frame lies the transparent colour, or the palette's first; a palette of its own goes before the file's.
  const cv::Mat indices = (cv::Mat_<std::uint8_t>(1, 2) << 1, 3);
  const std::vector<cv::Vec3b> own{{1, 2, 3}, {10, 20, 30}, {40, 50, 60}, {70, 80, 90}};
  GifFrame frame{.indices = indices, .left = 1, .top = 1, .transparent = 3, .palette = own};
  const auto levels = [&] {
    const auto image = decode_image(write_gif(4, 3, gif_colours(), {frame}), {});
    return std::vector<int>{image.view()(0, 0, 0), image.view()(1, 1, 0), image.view()(1, 2, 2), image.view()(2, 3, 1)};
  };
  EXPECT_EQ(levels(), (std::vector{70, 10, 90, 80}));
  frame.transparent = -1;
  EXPECT_EQ(levels(), (std::vector{1, 10, 90, 2}));
}

TEST(GifDecode, GrowsTheScreenToTheFrame) {
  EXPECT_EQ(decoded_size(write_gif(4, 3, gif_colours(), {{.indices = gif_indices(5, 9), .left = 2, .top = 1}})),
            (PixelSize{7, 10}));
}

File text_file(const std::string& text) { return {text.begin(), text.end()}; }

TEST(PnmDecode, GivesExactPixelsOfTextAndBytes) {
  const auto picture = photo(53, 31);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".ppm", picture, {cv::IMWRITE_PXM_BINARY, 1}), {})), picture),
            0);
  EXPECT_EQ(largest_difference(bgr(decode_image(encode(".ppm", picture, {cv::IMWRITE_PXM_BINARY, 0}), {})), picture),
            0);
  cv::Mat grey;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  cv::Mat expected;
  cv::cvtColor(grey, expected, cv::COLOR_GRAY2BGR);
  for (const int binary : {0, 1}) {
    const auto file = encode(".pgm", grey, {cv::IMWRITE_PXM_BINARY, binary});
    EXPECT_EQ(largest_difference(bgr(decode_image(file, {})), expected), 0);
  }
}

TEST(PnmDecode, ReadsBitsCommentsAndAnyLargestSample) {
  EXPECT_EQ(first_row(decode_image(text_file("P1 # bits\n3 1\n0 1\n0"), {})), (std::vector{255, 0, 255}));
  EXPECT_EQ(first_row(decode_image(text_file("P1\n3 2\n011101"), {})), (std::vector{255, 0, 0}));
  EXPECT_EQ(first_row(decode_image(text_file("P4\n9 1\n") + File{0b01000000, 0b10000000}, {})),
            (std::vector{255, 0, 255, 255, 255, 255, 255, 255, 0}));
  EXPECT_EQ(first_row(decode_image(text_file("P2\n# one\n3 # two\n1\n7\n0 7 # three\n3 "), {})),
            (std::vector{0, 255, 109}));
  EXPECT_EQ(first_row(decode_image(text_file("P5 2 1 1023\n") + File{0x03, 0xff, 0x01, 0x00}, {})),
            (std::vector{255, 64}));
  EXPECT_EQ(first_row(decode_image(text_file("P5 2 1 65535\n") + File{0xff, 0x7e, 0x00, 0x81}, {})),
            (std::vector{254, 1}));
}

TEST(PnmDecode, ReadsPamWithAlpha) {
  const auto header = [](int depth) {
    return text_file("P7\n# made here\nWIDTH 2\nHEIGHT 1\nDEPTH " + std::to_string(depth) +
                     "\nMAXVAL 255\nTUPLTYPE SOMETHING ALPHA\nENDHDR\n");
  };
  EXPECT_EQ(first_row(decode_image(header(2) + File{9, 0, 200, 1}, {})), (std::vector{9, 200}));
  const auto colours = decode_image(header(4) + File{1, 2, 3, 0, 4, 5, 6, 7}, {});
  EXPECT_EQ(first_row(colours), (std::vector{1, 4}));
  EXPECT_EQ(colours.view()(0, 1, 2), 6);
}

class Heif : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!can_write_heif(GetParam())) GTEST_SKIP() << "libheif is not built in, or has no encoder";
  }
  /// libheif keeps at 4:2:0 what is even.
  HeifLayout layout() const { return {.avif = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Decode, Heif, ::testing::Values(false, true),
                         [](const auto& tested) { return tested.param ? "avif" : "heic"; });

TEST_P(Heif, GivesThePictureClosely) {
  const auto picture = colour_blocks(6, 4);
  const auto image = bgr(decode_image(write_heif(picture, layout()), {}));
  ASSERT_EQ(image.size(), picture.size());
  EXPECT_LT(cv::norm(image, picture, cv::NORM_L1) / static_cast<double>(3 * picture.total()), 4.0);
}

TEST_P(Heif, TurnsEveryOrientationOnce) {
  const auto picture = colour_blocks(6, 4);
  auto wanted = layout();
  const auto stored = bgr(decode_image(write_heif(picture, wanted), {}));
  for (wanted.orientation = 2; wanted.orientation <= 8; ++wanted.orientation) {
    const auto image = bgr(decode_image(write_heif(picture, wanted), {}));
    const auto expected = upright(stored, wanted.orientation);
    ASSERT_EQ(image.size(), expected.size()) << wanted.orientation;
    EXPECT_LT(cv::norm(image, expected, cv::NORM_L1) / static_cast<double>(3 * image.total()), 1.0)
        << wanted.orientation;
  }
}

TEST_P(Heif, IgnoresAlpha) {
  cv::Mat with_alpha;
  cv::cvtColor(colour_blocks(6, 4), with_alpha, cv::COLOR_BGR2BGRA);
  for (int x = 0; x < with_alpha.cols; ++x)
    with_alpha.col(x).forEach<cv::Vec4b>(
        [x](cv::Vec4b& pixel, const int*) { pixel[3] = static_cast<std::uint8_t>(x); });
  const auto image = bgr(decode_image(write_heif(with_alpha, layout()), {}));
  const auto opaque = bgr(decode_image(write_heif(colour_blocks(6, 4), layout()), {}));
  EXPECT_LT(cv::norm(image, opaque, cv::NORM_L1) / static_cast<double>(3 * image.total()), 1.0);
}

TEST_P(Heif, KeepsOddSides) { EXPECT_EQ(decoded_size(write_heif(photo(71, 65), layout())), (PixelSize{71, 65})); }

}  // namespace
}  // namespace simile
