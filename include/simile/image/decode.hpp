// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "simile/core/array.hpp"
#include "simile/image/header.hpp"

namespace simile {

/// Width and height of an image, in this order (arrays have them the other way round).
struct PixelSize {
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  friend bool operator==(const PixelSize&, const PixelSize&) = default;
};

/// A day: DecodeLimits::max_decode_seconds is at most this.
inline constexpr std::int64_t kMaxDecodeSeconds = 86400;

/// Bounds of what an image may take; the first two are checked before it is decoded.
struct DecodeLimits {
  std::int64_t max_pixels = 200'000'000;              ///< --max-pixels
  std::int64_t max_file_bytes = 512LL * 1024 * 1024;  ///< --max-file-size
  /// --max-decode-time; 0: none, and all is decoded in this process. Kept only where there is a Context::decode_worker,
  /// for HEIC, AVIF, TIFF and progressive JPEGs of more than 32 million pixels: others take time linear in their size.
  std::int64_t max_decode_seconds = 60;
};

/// How files become pixels.
struct DecodeOptions {
  DecodeLimits limits{};
  /// When set, a JPEG may be decoded at the smallest of 1/1, 1/2, 1/4, 1/8 of its size that is still at least twice
  /// this size in both directions (of the oriented image): for methods that area-average afterwards.
  std::optional<PixelSize> reduce_for = std::nullopt;
};

/// An image in memory: RGB, 8 bits, [height, width, 3], EXIF orientation applied, alpha ignored, 16-bit and float
/// samples scaled to 8 (docs/definitions.md).
using Image = Array<std::uint8_t, 3>;

/// Largest number of bytes that decode_image() may hold at once for this header, its result included; besides, it may
/// hold one copy of the file's bytes. The header's size must be within the limits.
std::int64_t decode_bytes(const ImageHeader& header, const DecodeOptions& options);

/// Decodes a whole file's bytes in this process. Throws Error(decode) with a reason for people, naming a limit by its
/// flag when that is what was exceeded ("60000 x 60000 pixels exceed --max-pixels 200000000"). Truncated and corrupt
/// images are errors, never half-grey pictures.
Image decode_image(std::span<const std::uint8_t> bytes, const DecodeOptions& options);

}  // namespace simile
