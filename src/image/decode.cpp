// SPDX-License-Identifier: Apache-2.0
#include "simile/image/decode.hpp"

#include <algorithm>
#include <utility>

#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

// OpenCV's own limits (OPENCV_IO_MAX_IMAGE_WIDTH, _PIXELS), which it reports as if the file were broken.
constexpr std::int64_t kMaxSide = 1 << 20;
constexpr std::int64_t kMaxPixels = 1 << 30;

/// Where the upright image's pixels lie in the stored one: first pixel, step to the right, step down (in stored
/// pixels).
struct Walk {
  std::int64_t first_x = 0, first_y = 0;
  std::int64_t right_x = 0, right_y = 0;
  std::int64_t down_x = 0, down_y = 0;
};

bool swaps_sides(int orientation) { return orientation >= 5; }

/// EXIF 2.3, tag 0x0112: the value names the sides of the upright image at which stored row 0 and column 0 lie.
Walk walk_of(int orientation, std::int64_t width, std::int64_t height) {
  const auto last_x = width - 1;
  const auto last_y = height - 1;
  switch (orientation) {
    case 2:
      return {last_x, 0, -1, 0, 0, 1};
    case 3:
      return {last_x, last_y, -1, 0, 0, -1};
    case 4:
      return {0, last_y, 1, 0, 0, -1};
    case 5:
      return {0, 0, 0, 1, 1, 0};
    case 6:
      return {0, last_y, 0, -1, 1, 0};
    case 7:
      return {last_x, last_y, 0, -1, -1, 0};
    case 8:
      return {last_x, 0, 0, 1, -1, 0};
    default:
      return {0, 0, 1, 0, 0, 1};
  }
}

std::uint8_t to_byte(std::uint8_t sample) { return sample; }
std::uint8_t to_byte(std::uint16_t sample) { return static_cast<std::uint8_t>((sample + 128) / 257); }

template <class Sample>
void copy_upright(const StoredPixels& stored, const Walk& walk, Image& upright) {
  const auto* base = static_cast<const std::uint8_t*>(stored.data);
  const std::int64_t pixel_bytes = std::int64_t{stored.samples_per_pixel} * stored.bytes_per_sample;
  const auto first = walk.first_y * stored.row_bytes + walk.first_x * pixel_bytes;
  const auto right = walk.right_y * stored.row_bytes + walk.right_x * pixel_bytes;
  const auto down = walk.down_y * stored.row_bytes + walk.down_x * pixel_bytes;
  const std::size_t red = stored.blue_first ? 2 : 0;
  auto* out = upright.data();
  for (std::int64_t y = 0; y < upright.shape(0); ++y) {
    const auto* in = base + first + y * down;
    for (std::int64_t x = 0; x < upright.shape(1); ++x, in += right, out += 3) {
      const auto* sample = reinterpret_cast<const Sample*>(in);
      out[0] = to_byte(sample[red]);
      out[1] = to_byte(sample[1]);
      out[2] = to_byte(sample[2 - red]);
    }
  }
}

// What the libraries hold whatever the image's size: tables and states of their codecs, a stack for each of dav1d's
// threads.
constexpr std::int64_t kDecoderFixed = 4 << 20;
constexpr std::int64_t kHeifFixed = 64 << 20;

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// What libjpeg may hold beside the pixels: rows of samples, and every coefficient of an image of several scans; sides
/// are padded to the largest MCU.
std::int64_t libjpeg_bytes(const ImageHeader& header) {
  constexpr std::int64_t kMaxMcu = 32;
  constexpr std::int64_t kFixed = 256 * 1024;
  const auto padded_width = round_up(header.width_px, kMaxMcu);
  const auto padded_height = round_up(header.height_px, kMaxMcu);
  const auto rows = padded_width * 4 * kMaxMcu * header.channels;
  return kFixed + rows + (header.buffered ? 2 * padded_width * padded_height * header.channels : 0);
}

}  // namespace

void check_limits(const ImageHeader& header, const DecodeLimits& limits) {
  // Divided, not multiplied: a PNG's sides may be 2^32 each.
  if (header.width_px > limits.max_pixels / header.height_px) {
    throw_decode(concat(header.width_px, " x ", header.height_px, " pixels exceed --max-pixels ", limits.max_pixels));
  }
  const auto check_supported = [](std::int64_t width, std::int64_t height, const char* what) {
    if (std::max(width, height) > kMaxSide || width * height > kMaxPixels) {
      throw_decode(concat(width, " x ", height, " pixels", what, " are not supported"));
    }
  };
  check_supported(header.width_px, header.height_px, "");
  check_supported(header.block_width_px, header.block_height_px, " a tile");
}

Image orient(const StoredPixels& stored, int orientation) {
  const bool swap = swaps_sides(orientation);
  Image upright({swap ? stored.width_px : stored.height_px, swap ? stored.height_px : stored.width_px, 3});
  const auto walk = walk_of(orientation, stored.width_px, stored.height_px);
  if (stored.bytes_per_sample == 2) {
    copy_upright<std::uint16_t>(stored, walk, upright);
  } else {
    copy_upright<std::uint8_t>(stored, walk, upright);
  }
  return upright;
}

PixelSize reduced_size(const ImageHeader& header, const DecodeOptions& options) {
  const PixelSize full{header.width_px, header.height_px};
  if (!options.reduce_for || header.format != ImageFormat::jpeg) return full;
  auto wanted = *options.reduce_for;
  if (swaps_sides(header.orientation)) std::swap(wanted.width_px, wanted.height_px);
  for (const std::int64_t divisor : {8, 4, 2}) {
    const PixelSize reduced{(full.width_px + divisor - 1) / divisor, (full.height_px + divisor - 1) / divisor};
    if (reduced.width_px >= 2 * wanted.width_px && reduced.height_px >= 2 * wanted.height_px) return reduced;
  }
  return full;
}

std::int64_t decode_bytes(const ImageHeader& header, const DecodeOptions& options) {
  const auto size = reduced_size(header, options);
  const auto pixels = size.width_px * size.height_px;
  const auto result = 3 * pixels;
  switch (header.format) {
    case ImageFormat::jpeg: {
      const std::int64_t inks = header.channels == 4 ? 4 * pixels : 0;
      const std::int64_t stored = header.orientation != 1 || inks > 0 ? 3 * pixels : 0;
      return result + inks + stored + libjpeg_bytes(header);
    }
    case ImageFormat::png:
      return result + 3 * pixels * (header.bits_per_sample == 16 ? 2 : 1) + 64 * header.width_px;
    case ImageFormat::webp:
      // OpenCV's picture (with alpha: two of them), and libwebp's own 32-bit picture of a lossless image.
      return result + (header.channels == 4 ? 3 + 4 + 1 : 3) * pixels + 4 * pixels + 64 * header.width_px;
    case ImageFormat::bmp:
      return result + 3 * pixels + 64 * header.width_px;
    case ImageFormat::tiff: {
      // libtiff's picture of 32 bits a pixel, and a strip (perhaps all of the image) or tile as stored.
      const auto block = header.block_width_px > 0 ? header.block_width_px * header.block_height_px : pixels;
      return kDecoderFixed + result + 4 * pixels + block * ((header.channels * header.bits_per_sample + 7) / 8);
    }
    case ImageFormat::gif:
      return kDecoderFixed + result + header.width_px;
    case ImageFormat::pnm:
      return result;
    case ImageFormat::heic:
    case ImageFormat::avif:
      // Frames of up to 16 bits with 4:4:4 colour and alpha: the decoder's own (of which it may keep two), libheif's,
      // and their conversion.
      return kHeifFixed + result + 24 * std::max(pixels, header.block_width_px * header.block_height_px);
  }
  return result;
}

Image decode_image(std::span<const std::uint8_t> bytes, const DecodeOptions& options) {
  if (static_cast<std::int64_t>(bytes.size()) > options.limits.max_file_bytes) {
    throw_decode(concat(bytes.size(), " bytes exceed --max-file-size ", options.limits.max_file_bytes));
  }
  const auto header = read_image_header(bytes);
  check_limits(header, options.limits);
  switch (header.format) {
    case ImageFormat::jpeg:
      return decode_jpeg(bytes, header, options);
    case ImageFormat::tiff:
      return decode_tiff(bytes, header);
    case ImageFormat::gif:
      return decode_gif(bytes, header);
    case ImageFormat::pnm:
      return decode_pnm(bytes, header);
    case ImageFormat::heic:
    case ImageFormat::avif:
      return decode_heif(bytes, header);
    default:
      return decode_with_opencv(bytes, header);
  }
}

}  // namespace simile
