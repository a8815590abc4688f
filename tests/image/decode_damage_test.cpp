// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "image/formats.hpp"
#include "support/image_errors.hpp"
#include "support/image_files.hpp"

#include "simile/image/decode.hpp"

namespace simile {
namespace {

using namespace simile::test;

std::optional<Error> decode_error(const File& file, const DecodeOptions& options = {}) {
  return error_of([&] { decode_image(file, options); });
}

File first_share(const File& file, int percent) {
  return {file.begin(),
          file.begin() + static_cast<std::ptrdiff_t>(file.size() * static_cast<std::size_t>(percent) / 100)};
}

struct EncodedCase {
  std::string name;
  std::string extension;
  std::vector<int> parameters;
};

std::ostream& operator<<(std::ostream& out, const EncodedCase& value) { return out << value.name; }

class Truncated : public ::testing::TestWithParam<EncodedCase> {};
INSTANTIATE_TEST_SUITE_P(Decode, Truncated,
                         ::testing::Values(EncodedCase{"jpeg", ".jpg", {}},
                                           EncodedCase{"jpeg_progressive", ".jpg", {cv::IMWRITE_JPEG_PROGRESSIVE, 1}},
                                           EncodedCase{"jpeg_restarts", ".jpg", {cv::IMWRITE_JPEG_RST_INTERVAL, 4}},
                                           EncodedCase{"png", ".png", {}}, EncodedCase{"bmp", ".bmp", {}},
                                           EncodedCase{"webp", ".webp", {cv::IMWRITE_WEBP_QUALITY, 80}},
                                           EncodedCase{"webp_lossless", ".webp", {cv::IMWRITE_WEBP_QUALITY, 101}}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Truncated, IsAnErrorAtEveryPercent) {
  const auto whole = encode(GetParam().extension, photo(160, 120), GetParam().parameters);
  ASSERT_FALSE(decode_error(whole));
  for (int percent = 0; percent < 100; ++percent) {
    EXPECT_THAT(decode_error(first_share(whole, percent)), IsError(ErrorCode::decode, "")) << percent << "%";
  }
  EXPECT_THAT(decode_error({whole.begin(), whole.end() - 1}), IsError(ErrorCode::decode, "")) << "last byte";
}

TEST_P(Truncated, MayHaveBytesAfterItsEnd) {
  const auto whole = encode(GetParam().extension, photo(40, 30), GetParam().parameters);
  EXPECT_FALSE(decode_error(whole + File(100, 0)));
}

TEST(Damage, JpegCutShortButClosedIsAnError) {
  const auto whole = encode(".jpg", photo(160, 120));
  EXPECT_THAT(decode_error(first_share(whole, 70) + File{0xff, 0xd9}), IsError(ErrorCode::decode, "corrupt JPEG"));
}

TEST(Damage, JpegPaddedAtTheEndIsReadUnlessItHasRestartMarkers) {
  const auto padded = [](const std::vector<int>& parameters) {
    auto file = encode(".jpg", photo(160, 120), parameters);
    file.insert(file.end() - 2, 7, 0x55);
    return file;
  };
  EXPECT_FALSE(decode_error(padded({})));
  EXPECT_THAT(decode_error(padded({cv::IMWRITE_JPEG_RST_INTERVAL, 4})), IsError(ErrorCode::decode, "extraneous"));
}

TEST(Damage, JpegWithoutItsLastRestartIntervalIsAnError) {
  auto file = encode(".jpg", photo(160, 120), {cv::IMWRITE_JPEG_RST_INTERVAL, 4});
  std::size_t last = 0;
  for (std::size_t k = jpeg_scan_positions(file).back(); k + 1 < file.size(); ++k) {
    if (file[k] == 0xff && file[k + 1] >= 0xd0 && file[k + 1] <= 0xd7) last = k;
  }
  ASSERT_GT(last, 0U);
  file[last] = 0x55;  // the marker becomes data, the interval behind it is lost
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "corrupt JPEG"));
}

TEST(Damage, BadHuffmanTableIsAnError) {
  auto file = encode(".jpg", photo(16, 16));
  const std::array<std::uint8_t, 2> marker{0xff, 0xc4};
  const auto table = std::search(file.begin(), file.end(), marker.begin(), marker.end());
  ASSERT_NE(table, file.end());
  std::fill_n(table + 5, 16, std::uint8_t{0xff});
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "corrupt JPEG"));
}

TEST(Damage, TwelveBitJpegIsRefusedByName) {
  auto file = encode(".jpg", photo(16, 16));
  file.at(jpeg_frame_position(file) + 4) = 12;
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "JPEG of 12 bits is not supported"));
}

TEST(Damage, JpegOfTenThousandScansIsRefused) {
  const auto file = encode(".jpg", photo(32, 32), {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  const auto last = file.begin() + static_cast<std::ptrdiff_t>(jpeg_scan_positions(file).back());
  const File scan(last, file.end() - 2);
  File many(file.begin(), file.end() - 2);
  for (int k = 0; k < 10'000; ++k) many.insert(many.end(), scan.begin(), scan.end());
  EXPECT_THAT(decode_error(many + File{0xff, 0xd9}), IsError(ErrorCode::decode, "scans"));
}

TEST(Damage, WrongPngChecksumIsAnError) {
  auto file = encode(".png", photo(30, 20));
  file.at(file.size() - 12 - 20) ^= 1;
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "wrong checksum in chunk 'IDAT'"));
}

TEST(Damage, PngWhosePixelsAreTooFewIsAnError) {
  File rows;
  for (int row = 0; row < 20; ++row) rows = rows + File{0} + File(30, 99);
  ASSERT_FALSE(decode_error(make_png(10, 20, 8, 2, rows)));
  rows.resize(rows.size() / 2);
  EXPECT_THAT(decode_error(make_png(10, 20, 8, 2, rows)), IsError(ErrorCode::decode, "PNG"));
}

TEST(Damage, PngWithoutPixelsIsAnError) {
  auto file = make_png(10, 20, 8, 2, {});
  file.erase(file.begin() + 33, file.end() - 12);
  EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "PNG without image data"));
}

TEST(Damage, HugeCompressedTextNeverReachesTheDecoder) {
  const auto plain = encode(".png", photo(30, 20));
  const auto text = File{'b', 'o', 'm', 'b', 0, 0} + deflated(File(200 << 20, 'x'));
  const auto bomb = png_with_chunk(plain, "zTXt", text);
  const auto kept = complete_png_without_ancillary_chunks(bomb);
  EXPECT_TRUE(std::equal(kept.data(), kept.data() + kept.size(), plain.begin(), plain.end()));
  EXPECT_FALSE(decode_error(bomb));
}

TEST(Damage, BrokenColourProfileDoesNotMatter) {
  EXPECT_FALSE(decode_error(png_with_chunk(encode(".png", photo(30, 20)), "iCCP", File{'x', 0, 0, 1, 2, 3})));
}

TEST(Damage, WebpWhosePayloadIsCutInsideAWholeContainerIsAnError) {
  for (const int quality : {80, 101}) {
    auto file = first_share(encode(".webp", photo(160, 120), {cv::IMWRITE_WEBP_QUALITY, quality}), 60);
    file.resize(file.size() / 2 * 2);
    put_little(file, 4, 4, file.size() - 8);
    put_little(file, 16, 4, file.size() - 20);
    EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "WebP")) << quality;
  }
}

TEST(Damage, BmpKindsThatWouldBeMisreadAreRefusedByName) {
  const auto whole = encode(".bmp", photo(16, 16));
  auto embedded_png = whole;
  put_little(embedded_png, 30, 4, 5);
  EXPECT_THAT(decode_error(embedded_png), IsError(ErrorCode::decode, "BMP of 24 bits, compression 5"));

  // 32-bit pixels whose masks follow a header of 40 bytes: only the usual order is known.
  File masked(54 + 12 + 4 * 4, 0x20);
  std::copy_n(whole.begin(), 54, masked.begin());
  for (const auto& [at, value] : {std::pair{10, 66}, {14, 40}, {18, 2}, {22, 2}, {30, 3}}) {
    put_little(masked, static_cast<std::size_t>(at), 4, static_cast<std::uint64_t>(value));
  }
  put_little(masked, 28, 2, 32);
  const auto with_masks = [&](std::uint32_t red, std::uint32_t blue) {
    put_little(masked, 54, 4, red);
    put_little(masked, 58, 4, 0xff00);
    put_little(masked, 62, 4, blue);
    return masked;
  };
  EXPECT_FALSE(decode_error(with_masks(0xff0000, 0xff)));
  EXPECT_THAT(decode_error(with_masks(0xff, 0xff0000)), IsError(ErrorCode::decode, "is not supported"));

  auto palette = encode(".bmp", cv::Mat(16, 16, CV_8UC1, cv::Scalar(3)));
  ASSERT_FALSE(decode_error(palette));
  put_little(palette, 46, 4, 70'000);
  EXPECT_THAT(decode_error(palette), IsError(ErrorCode::decode, "palette of 70000 colours"));
}

TEST(Damage, WebpCutShortBehindItsPixelsIsAnError) {
  const auto whole = webp_with_exif(encode(".webp", photo(40, 30)), 40, 30, tiff_with_orientation(6, true));
  ASSERT_FALSE(decode_error(whole));
  EXPECT_THAT(decode_error({whole.begin(), whole.end() - 8}), IsError(ErrorCode::decode, "WebP cut short"));
}

TEST(Limits, PixelsAreRefusedOnTheHeadersWordAndTheFlagIsNamed) {
  auto jpeg = encode(".jpg", photo(16, 16));
  put_big(jpeg, jpeg_frame_position(jpeg) + 5, 2, 60'000);
  put_big(jpeg, jpeg_frame_position(jpeg) + 7, 2, 60'000);
  auto bmp = encode(".bmp", photo(16, 16));
  put_little(bmp, 18, 4, 60'000);
  put_little(bmp, 22, 4, 60'000);
  const auto png = make_png(60'000, 60'000, 8, 2, {0});
  const auto webp = webp_with_exif(encode(".webp", photo(16, 16)), 60'000, 60'000, {});
  for (const auto& file : {jpeg, png, webp, bmp}) {
    EXPECT_THAT(decode_error(file), IsError(ErrorCode::decode, "60000 x 60000 pixels exceed --max-pixels 200000000"));
  }
}

TEST(Limits, PixelLimitIsInclusiveAndDoesNotOverflow) {
  const auto file = encode(".png", photo(10, 7));
  EXPECT_FALSE(decode_error(file, {.limits = {.max_pixels = 70}}));
  EXPECT_THAT(decode_error(file, {.limits = {.max_pixels = 69}}), IsError(ErrorCode::decode, "--max-pixels 69"));
  const auto largest = make_png(0xffffffff, 0xffffffff, 8, 2, {0});
  EXPECT_THAT(decode_error(largest, {.limits = {.max_pixels = INT64_MAX}}),
              IsError(ErrorCode::decode, "4294967295 x 4294967295 pixels"));
}

TEST(Limits, PixelsBeyondTheDecodersAreRefusedByName) {
  const auto wide = make_png(2'000'000, 1, 8, 2, {0});
  EXPECT_THAT(decode_error(wide), IsError(ErrorCode::decode, "2000000 x 1 pixels are not supported"));
}

TEST(Limits, FileSizeIsNamed) {
  const auto file = encode(".png", photo(10, 7));
  const auto size = static_cast<std::int64_t>(file.size());
  EXPECT_FALSE(decode_error(file, {.limits = {.max_file_bytes = size}}));
  EXPECT_THAT(decode_error(file, {.limits = {.max_file_bytes = size - 1}}),
              IsError(ErrorCode::decode, "--max-file-size"));
}

}  // namespace
}  // namespace simile
