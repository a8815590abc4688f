// SPDX-License-Identifier: Apache-2.0
#include "simile/image/header.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "support/coded_files.hpp"
#include "support/image_errors.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

using namespace simile::test;

struct FormatCase {
  std::string extension;
  ImageFormat format;
};

std::ostream& operator<<(std::ostream& out, const FormatCase& value) { return out << value.extension; }

std::string name_of(const ::testing::TestParamInfo<FormatCase>& info) { return info.param.extension.substr(1); }

class EveryFormat : public ::testing::TestWithParam<FormatCase> {
 protected:
  void SetUp() override {
    const bool avif = GetParam().format == ImageFormat::avif;
    if ((avif || GetParam().format == ImageFormat::heic) && !can_write_heif(avif)) {
      GTEST_SKIP() << "libheif is not built in, or has no encoder";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Header, EveryFormat,
                         ::testing::Values(FormatCase{".jpg", ImageFormat::jpeg}, FormatCase{".png", ImageFormat::png},
                                           FormatCase{".webp", ImageFormat::webp}, FormatCase{".bmp", ImageFormat::bmp},
                                           FormatCase{".tif", ImageFormat::tiff}, FormatCase{".gif", ImageFormat::gif},
                                           FormatCase{".ppm", ImageFormat::pnm}, FormatCase{".heic", ImageFormat::heic},
                                           FormatCase{".avif", ImageFormat::avif}),
                         name_of);

TEST_P(EveryFormat, GivesFormatAndSize) {
  const auto header = read_image_header(encode_any(GetParam().extension, photo(37, 23)));
  EXPECT_EQ(header.format, GetParam().format);
  EXPECT_EQ(header.width_px, 37);
  EXPECT_EQ(header.height_px, 23);
  EXPECT_EQ(header.orientation, 1);
  EXPECT_EQ(header.channels, 3);
}

TEST_P(EveryFormat, NeverReadsPastAnyPrefix) {
  const auto file = encode_any(GetParam().extension, photo(37, 23));
  std::size_t refused = 0;
  for (std::size_t size = 0; size < file.size(); ++size) {
    // A copy of its own, so that the address sanitizer sees one byte too many.
    const File prefix(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    const auto error = error_of([&] {
      const auto header = read_image_header(prefix);
      EXPECT_EQ(header.width_px, 37);
      EXPECT_EQ(header.height_px, 23);
    });
    if (!error) continue;
    EXPECT_EQ(error->code(), ErrorCode::decode);
    ++refused;
  }
  EXPECT_GE(refused, 10U);
}

TEST(Header, RefusesEmptyFile) {
  EXPECT_THAT(error_of([] { read_image_header({}); }), IsError(ErrorCode::decode, "empty file"));
}

TEST(Header, RefusesTextNamedPng) {
  const File text{'h', 'e', 'l', 'l', 'o', ',', ' ', 'w', 'o', 'r', 'l', 'd'};
  EXPECT_THAT(error_of([&] { read_image_header(text); }),
              IsError(ErrorCode::decode, "not a JPEG, PNG, WebP, BMP, TIFF, GIF, PNM, HEIC or AVIF image"));
}

TEST(Header, KnowsAnImageByItsStartWhereItsHeaderStandsAtItsEnd) {
  const auto tiff = encode_any(".tif", photo(37, 23));
  ASSERT_THAT(error_of([&] { read_image_header(File(tiff.begin(), tiff.begin() + 100)); }),
              IsError(ErrorCode::decode, "TIFF"));
  EXPECT_TRUE(starts_as_image(File(tiff.begin(), tiff.begin() + 100)));
  EXPECT_TRUE(starts_as_image(encode(".png", photo(3, 2))));
  const std::string_view list = "P5 of the holidays.jpg\n";
  EXPECT_FALSE(starts_as_image(File(list.begin(), list.end())));
}

TEST(Header, ReadsOrientationInBothByteOrdersOfEveryFormatThatHasIt) {
  const auto picture = photo(20, 10);
  for (const bool big_endian : {false, true}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const auto tiff = tiff_with_orientation(orientation, big_endian);
      EXPECT_EQ(read_image_header(jpeg_with_exif(encode(".jpg", picture), tiff)).orientation, orientation);
      EXPECT_EQ(read_image_header(png_with_exif(encode(".png", picture), tiff)).orientation, orientation);
      EXPECT_EQ(read_image_header(webp_with_exif(encode(".webp", picture), 20, 10, tiff)).orientation, orientation);
    }
  }
}

TEST(Header, ReadsExifOfWebpThatStartsLikeAJpegSegment) {
  const auto tiff = File{'E', 'x', 'i', 'f', 0, 0} + tiff_with_orientation(5, true);
  EXPECT_EQ(read_image_header(webp_with_exif(encode(".webp", photo(20, 10)), 20, 10, tiff)).orientation, 5);
}

TEST(Header, TakesBrokenExifAsUpright) {
  const auto good = tiff_with_orientation(6, true);
  const auto jpeg = encode(".jpg", photo(20, 10));
  const auto orientation = [&](const File& tiff) { return read_image_header(jpeg_with_exif(jpeg, tiff)).orientation; };
  ASSERT_EQ(orientation(good), 6);
  for (const int impossible : {0, 9, 65535}) EXPECT_EQ(orientation(tiff_with_orientation(impossible, false)), 1);
  for (std::size_t size = 0; size < 8 + 2 + 2 * 12 - 2; ++size) {
    EXPECT_EQ(orientation(File(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))), 1) << size;
  }
  auto far = good;
  put_big(far, 4, 4, 0xffffffff);
  EXPECT_EQ(orientation(far), 1);
  auto other_type = good;
  put_big(other_type, 8 + 2 + 12 + 2, 2, 4);
  EXPECT_EQ(orientation(other_type), 1);
}

TEST(JpegHeader, RefusesFileWithoutFrame) {
  EXPECT_THAT(error_of([] { read_image_header(File{0xff, 0xd8, 0xff, 0xd9}); }),
              IsError(ErrorCode::decode, "JPEG without a frame header"));
}

TEST(JpegHeader, RefusesImpossibleMarkerLength) {
  EXPECT_THAT(error_of([] { read_image_header(File{0xff, 0xd8, 0xff, 0xe0, 0, 1, 0, 0}); }),
              IsError(ErrorCode::decode, "impossible length"));
}

TEST(JpegHeader, RefusesZeroSides) {
  auto jpeg = encode(".jpg", photo(20, 10));
  put_big(jpeg, jpeg_frame_position(jpeg) + 5, 2, 0);
  EXPECT_THAT(error_of([&] { read_image_header(jpeg); }), IsError(ErrorCode::decode, "JPEG of 20 x 0 pixels"));
}

TEST(JpegHeader, SkipsFillBytesBeforeMarkers) {
  auto jpeg = encode(".jpg", photo(20, 10));
  jpeg.insert(jpeg.begin() + 2, 5, 0xff);
  EXPECT_EQ(read_image_header(jpeg).width_px, 20);
}

TEST(JpegHeader, TellsProgressiveFromBaseline) {
  const auto picture = photo(40, 40);
  EXPECT_FALSE(read_image_header(encode(".jpg", picture)).buffered);
  EXPECT_TRUE(read_image_header(encode(".jpg", picture, {cv::IMWRITE_JPEG_PROGRESSIVE, 1})).buffered);
}

TEST(PngHeader, RefusesZeroSides) {
  EXPECT_THAT(error_of([] { read_image_header(make_png(0, 5, 8, 2, {})); }),
              IsError(ErrorCode::decode, "PNG of 0 x 5 pixels"));
}

TEST(PngHeader, RefusesAnotherFirstChunk) {
  const auto png = encode(".png", photo(4, 4));
  const auto swapped =
      File(png.begin(), png.begin() + 8) + png_chunk("tEXt", File{'a', 0, 'b'}) + File(png.begin() + 8, png.end());
  EXPECT_THAT(error_of([&] { read_image_header(swapped); }), IsError(ErrorCode::decode, "without an image header"));
}

TEST(PngHeader, ReadsOrientationAlsoAfterTheImage) {
  auto png = encode(".png", photo(4, 4));
  const auto chunk = png_chunk("eXIf", tiff_with_orientation(8, true));
  png.insert(png.end() - 12, chunk.begin(), chunk.end());
  EXPECT_EQ(read_image_header(png).orientation, 8);
}

TEST(WebpHeader, ReadsLosslessAndAlpha) {
  cv::Mat with_alpha(9, 14, CV_8UC4, cv::Scalar(10, 20, 30, 128));
  const auto header = read_image_header(encode(".webp", with_alpha, {cv::IMWRITE_WEBP_QUALITY, 101}));
  EXPECT_EQ(header.width_px, 14);
  EXPECT_EQ(header.height_px, 9);
  EXPECT_EQ(header.channels, 4);
}

TEST(WebpHeader, RefusesAnimation) {
  auto webp = webp_with_exif(encode(".webp", photo(20, 10)), 20, 10, tiff_with_orientation(1, true));
  webp.at(20) |= 0x02;
  EXPECT_THAT(error_of([&] { read_image_header(webp); }), IsError(ErrorCode::decode, "animated WebP"));
}

TEST(WebpHeader, RefusesLossyZeroSides) {
  auto webp = encode(".webp", photo(20, 10), {cv::IMWRITE_WEBP_QUALITY, 50});
  ASSERT_EQ(webp.at(15), ' ');
  put_little(webp, 26, 2, 0);
  EXPECT_THAT(error_of([&] { read_image_header(webp); }), IsError(ErrorCode::decode, "WebP of 0 x 10 pixels"));
}

TEST(BmpHeader, ReadsCoreHeaderAndNegativeHeight) {
  File core{'B', 'M'};
  core.resize(14 + 12);
  put_little(core, 14, 4, 12);
  put_little(core, 18, 2, 640);
  put_little(core, 20, 2, 480);
  EXPECT_EQ(read_image_header(core).width_px, 640);
  EXPECT_EQ(read_image_header(core).height_px, 480);

  auto info = encode(".bmp", photo(20, 10));
  put_little(info, 22, 4, static_cast<std::uint32_t>(-10));
  EXPECT_EQ(read_image_header(info).height_px, 10);
  put_little(info, 18, 4, static_cast<std::uint32_t>(-20));
  EXPECT_THAT(error_of([&] { read_image_header(info); }), IsError(ErrorCode::decode, "BMP of -20 x 10 pixels"));
}

}  // namespace
}  // namespace simile
