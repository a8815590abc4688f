// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace simile {

/// Formats that simile decodes; recognised by content, never by a file's extension.
enum class ImageFormat { jpeg, png, webp, bmp, tiff, gif, pnm, heic, avif };

std::string_view to_string(ImageFormat format);

/// What can be known of an image before anything is decoded.
struct ImageHeader {
  ImageFormat format{};
  std::int64_t width_px = 0;   ///< as stored, before the orientation is applied; >= 1 (HEIC, AVIF: as shown)
  std::int64_t height_px = 0;  ///< as stored; >= 1
  int orientation = 1;         ///< EXIF orientation 1..8; 1 where absent or broken, and for HEIC and AVIF
  int channels = 1;            ///< samples per pixel as stored, alpha included; a palette counts as its colours
  int bits_per_sample = 8;
  std::int64_t block_width_px = 0;   ///< of a TIFF's tiles; of a HEIC or AVIF as coded; else 0
  std::int64_t block_height_px = 0;  ///< likewise
  bool buffered = false;  ///< a JPEG of several scans, all of whose coefficients are held while it is decoded
};

/// Reads size and orientation from the first bytes of an image file by simile's own parsers, which never read outside
/// `bytes` and run in time linear in it. Throws Error(decode) that says what is wrong ("not an
/// image that simile reads", "JPEG without a frame header", "PNG of 0 x 5 pixels", "empty file").
ImageHeader read_image_header(std::span<const std::uint8_t> bytes);

/// Whether the first bytes of a file are those of an image, complete or not.
bool starts_as_image(std::span<const std::uint8_t> bytes);

}  // namespace simile
