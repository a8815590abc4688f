// SPDX-License-Identifier: Apache-2.0
// Damaged and hostile TIFF, GIF, PNM, HEIC and AVIF.
#include <algorithm>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "image/pictures.hpp"
#include "support/coded_files.hpp"
#include "support/image_errors.hpp"
#include "support/tiff_files.hpp"

namespace simile {
namespace {

using namespace simile::test;

std::optional<Error> decode_error(const File& file, const DecodeOptions& options = {}) {
  return error_of([&] { decode_image(file, options); });
}

File first_bytes(const File& file, std::size_t count) {
  return {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(count)};
}

File text_file(const std::string& text) { return {text.begin(), text.end()}; }

struct DamageCase {
  std::string name;
  File (*make)();
};

std::ostream& operator<<(std::ostream& out, const DamageCase& value) { return out << value.name; }

cv::Mat picture() { return photo(80, 60); }
cv::Mat grey_picture() { return cv::Mat(60, 80, CV_8UC1, cv::Scalar(77)); }

class DamagedFormat : public ::testing::TestWithParam<DamageCase> {};
INSTANTIATE_TEST_SUITE_P(
    Decode, DamagedFormat,
    ::testing::Values(
        DamageCase{"tiff", [] { return write_tiff(picture()); }},
        DamageCase{"tiff_lzw_tiles",
                   [] { return write_tiff(picture(), {.compression = COMPRESSION_LZW, .tile = 16}); }},
        DamageCase{"tiff_deflate",
                   [] { return write_tiff(picture(), {.compression = COMPRESSION_ADOBE_DEFLATE, .separate = true}); }},
        DamageCase{"tiff_jpeg",
                   [] {
                     return write_tiff(
                         picture(),
                         {.photometric = PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG, .rows_per_strip = 16});
                   }},
        DamageCase{"bigtiff", [] { return write_tiff(picture(), {.big = true}); }},
        DamageCase{"gif", [] { return encode_any(".gif", picture()); }},
        DamageCase{
            "gif_interlaced",
            [] { return write_gif(80, 60, gif_colours(), {{.indices = gif_indices(80, 60), .interlaced = true}}); }},
        DamageCase{"ppm", [] { return encode(".ppm", picture()); }},
        DamageCase{"ppm_text", [] { return encode(".ppm", picture(), {cv::IMWRITE_PXM_BINARY, 0}); }},
        DamageCase{"pgm", [] { return encode(".pgm", grey_picture()); }}),
    [](const auto& tested) { return tested.param.name; });

TEST_P(DamagedFormat, IsAnErrorCutAtEveryPercent) {
  const auto whole = GetParam().make();
  ASSERT_FALSE(decode_error(whole));
  for (std::size_t percent = 0; percent < 100; ++percent) {
    EXPECT_THAT(decode_error(first_bytes(whole, whole.size() * percent / 100)), IsError(ErrorCode::decode, ""))
        << percent << "%";
  }
}

TEST_P(DamagedFormat, IsAnErrorOrAWholeImageWithAnyByteChanged) {
  const auto whole = GetParam().make();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += at < 200 ? 1 : whole.size() / 200 + 1) {
    for (const int change : {0xff, 0x01, 0x80}) {
      auto changed = whole;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      const auto error = error_of([&] {
        const DecodeOptions options{.limits = {.max_pixels = 1'000'000}};
        const auto image = decode_image(changed, options);
        const auto header = read_image_header(changed);
        EXPECT_EQ(image.size(), 3 * header.width_px * header.height_px);
      });
      if (!error) continue;
      EXPECT_EQ(error->code(), ErrorCode::decode) << error->what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 10U);
}

TEST_P(DamagedFormat, MayHaveBytesAfterItsEnd) { EXPECT_FALSE(decode_error(GetParam().make() + File(100, 0))); }

TEST(TiffDamage, CycleOfDirectoriesDoesNotMatter) {
  auto file = write_tiff(picture());
  std::size_t directory = 0;
  for (int k = 3; k >= 0; --k) directory = directory << 8 | file.at(4 + static_cast<std::size_t>(k));
  const auto entries = file.at(directory) | std::size_t{file.at(directory + 1)} << 8;
  put_little(file, directory + 2 + 12 * entries, 4, directory);
  EXPECT_EQ(largest_difference(bgr(decode_image(file, {})), picture()), 0);
}

TEST(TiffDamage, ThousandsOfPagesAreNotRead) {
  const auto file = write_tiff(picture(), {.pages = 2000});
  EXPECT_EQ(largest_difference(bgr(decode_image(file, {})), picture()), 0);
}

TEST(TiffDamage, HugeTilesAndSamplesAreRefusedOnTheHeadersWord) {
  auto file = write_tiff(picture(), {.tile = 16});
  put_little(file, tiff_value_position(file, TIFFTAG_TILEWIDTH), 2, 65520);
  put_little(file, tiff_value_position(file, TIFFTAG_TILELENGTH), 2, 65520);
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "65520 x 65520 pixels a tile are not supported"));
  file = write_tiff(grey_picture());
  put_little(file, tiff_value_position(file, TIFFTAG_SAMPLESPERPIXEL), 2, 17);
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "TIFF with 17 samples a pixel"));
}

TEST(TiffDamage, UnknownCompressionIsAnErrorThatNamesIt) {
  auto file = write_tiff(picture());
  put_little(file, tiff_value_position(file, TIFFTAG_COMPRESSION), 2, 4711);
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "4711"));
}

TEST(TiffDamage, MissingStripIsAnError) {
  auto file = write_tiff(picture());
  // Strip offsets stand behind the pixels; the third then points behind the file.
  const auto at = tiff_value_position(file, TIFFTAG_STRIPOFFSETS);
  std::size_t offsets = 0;
  for (int k = 3; k >= 0; --k) offsets = offsets << 8 | file.at(at + static_cast<std::size_t>(k));
  put_little(file, offsets + 8, 4, file.size() + 1000);
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "corrupt or unsupported TIFF"));
}

TEST(GifDamage, BrokenPalettesAreErrors) {
  // 1x1; a screen without or with a palette of two colours; code size 2; codes clear, 3, end.
  const auto gif = [](std::uint8_t flags, const File& palette) {
    return text_file("GIF89a") + File{1, 0, 1, 0, flags, 0, 0} + palette + File{0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0} +
           File{2, 2, 0x5c, 0x01, 0, 0x3b};
  };
  EXPECT_THAT(decode_error(gif(0, {})), IsError(ErrorCode::decode, "GIF without a palette"));
  EXPECT_THAT(decode_error(gif(0x80, {1, 2, 3, 4, 5, 6})), IsError(ErrorCode::decode, "a colour outside its palette"));
  EXPECT_FALSE(decode_error(gif(0x81, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})));
}

TEST(GifDamage, FilesWithoutAFrameAreErrors) {
  EXPECT_THAT(decode_error(write_gif(8, 8, gif_colours(), {})), IsError(ErrorCode::decode, "GIF without an image"));
  auto file = write_gif(8, 8, gif_colours(), {{.indices = gif_indices(8, 8)}});
  put_little(file, 13 + 3 * 64 + 5, 2, 0);
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "GIF with a frame of 0 x 8 pixels"));
}

TEST(GifDamage, AnimationCutBehindItsFirstFrameIsRead) {
  const auto one = write_gif(20, 10, gif_colours(), {{.indices = gif_indices(20, 10)}});
  const auto two =
      write_gif(20, 10, gif_colours(), {{.indices = gif_indices(20, 10)}, {.indices = gif_indices(20, 10)}});
  EXPECT_FALSE(decode_error(first_bytes(two, one.size() + 5)));
}

TEST(PnmDamage, BrokenHeadersAndSamplesAreErrors) {
  for (const auto* text :
       {"P6 ", "P6 3", "P6 3 x 255\n", "P5 1 1 0\n ", "P5 1 1 65536\n  ", "P5 99999999999 1 255\n",
        "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n     ", "P7\nWIDTH 1\nSIZE 3\nENDHDR\n",
        "P7\nWIDTH 1\nHEIGHT 1\n", "P2 2 1 7\n3 8", "P1 2 1\n0 2", "P3 1 1 255 1 2", "P5 0 1 255\n"}) {
    EXPECT_THAT(decode_error(text_file(text)), IsError(ErrorCode::decode, "PNM")) << text;
  }
  EXPECT_THAT(decode_error(text_file("P8 1 1 255\n ")), IsError(ErrorCode::decode, "not a JPEG"));
}

TEST(FormatLimits, PixelsAreRefusedOnTheHeadersWordAndTheFlagIsNamed) {
  auto tiff = write_tiff(picture());
  put_little(tiff, tiff_value_position(tiff, TIFFTAG_IMAGEWIDTH), 2, 60'000);
  put_little(tiff, tiff_value_position(tiff, TIFFTAG_IMAGELENGTH), 2, 60'000);
  auto gif = encode_any(".gif", picture());
  put_little(gif, 6, 2, 60'000);
  put_little(gif, 8, 2, 60'000);
  for (const auto& file : {tiff, gif, text_file("P6 60000 60000 255\n"), text_file("P1 60000 60000\n")}) {
    EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "60000 x 60000 pixels exceed --max-pixels 200000000"));
  }
  EXPECT_THAT(decode_error(text_file("P6 10000 10000 255\n")), IsError(ErrorCode::decode, "PNM cut short"));
}

class DamagedHeif : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!can_write_heif(GetParam())) GTEST_SKIP() << "libheif is not built in, or has no encoder";
    // libheif makes a HEIC whose sides are no multiples of 64 a grid of one tile.
    file_ = write_heif(photo(128, 64), {.avif = GetParam()});
  }
  /// Position of a box's content.
  std::size_t inside(std::string_view type) const {
    const auto at = std::search(file_.begin(), file_.end(), type.begin(), type.end());
    return static_cast<std::size_t>(at - file_.begin()) + 4;
  }
  File file_;
};
INSTANTIATE_TEST_SUITE_P(Decode, DamagedHeif, ::testing::Values(false, true),
                         [](const auto& tested) { return tested.param ? "avif" : "heic"; });

TEST_P(DamagedHeif, IsAnErrorCutAtEveryPercent) {
  ASSERT_FALSE(decode_error(file_));
  for (std::size_t percent = 0; percent < 100; ++percent) {
    EXPECT_THAT(decode_error(first_bytes(file_, file_.size() * percent / 100)), IsError(ErrorCode::decode, ""))
        << percent << "%";
  }
}

TEST_P(DamagedHeif, HeaderSurvivesAnyByteChanged) {
  for (std::size_t at = 0; at < std::min<std::size_t>(file_.size(), 600); ++at) {
    for (const int change : {0xff, 0x01, 0x80}) {
      auto changed = file_;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      const auto error = error_of([&] { EXPECT_GE(read_image_header(changed).width_px, 1); });
      if (error) {
        EXPECT_EQ(error->code(), ErrorCode::decode) << error->what();
      }
    }
  }
}

TEST_P(DamagedHeif, PixelsAreRefusedOnTheHeadersWord) {
  put_big(file_, inside("ispe") + 4, 4, 60'000);
  put_big(file_, inside("ispe") + 8, 4, 60'000);
  EXPECT_THAT(decode_error(file_), IsError(ErrorCode::decode, "60000 x 60000 pixels exceed --max-pixels"));
}

TEST_P(DamagedHeif, SizesThatContradictTheCodedImageAreAnError) {
  put_big(file_, inside("ispe") + 4, 4, 70);
  EXPECT_THAT(decode_error(file_), IsError(ErrorCode::decode, ""));
}

TEST_P(DamagedHeif, OtherCodingsAreRefusedByName) {
  const auto at = inside("infe") + 8;  // behind version, flags, the item's id and its protection
  ASSERT_EQ(file_.at(at), GetParam() ? 'a' : 'h');
  std::copy_n("jpeg", 4, file_.begin() + static_cast<std::ptrdiff_t>(at));
  EXPECT_THAT(decode_error(file_), IsError(ErrorCode::decode, "HEIF of kind 'jpeg' is not supported"));
}

}  // namespace
}  // namespace simile
