// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "simile/core/error.hpp"
#include "simile/image/decode.hpp"
#include "simile/image/header.hpp"

namespace simile {

using Bytes = std::span<const std::uint8_t>;

[[noreturn]] inline void throw_decode(const std::string& reason) { throw Error(ErrorCode::decode, reason); }

/// One parser per format; `bytes` start with the format's signature.
ImageHeader read_jpeg_header(Bytes bytes);
ImageHeader read_png_header(Bytes bytes);
ImageHeader read_webp_header(Bytes bytes);
ImageHeader read_bmp_header(Bytes bytes);
ImageHeader read_tiff_header(Bytes bytes);
ImageHeader read_gif_header(Bytes bytes);
ImageHeader read_pnm_header(Bytes bytes);
ImageHeader read_heif_header(Bytes bytes);

/// Whether the bytes start as such a file does; the other signatures are single texts.
bool is_tiff(Bytes bytes);
bool is_gif(Bytes bytes);
bool is_pnm(Bytes bytes);
bool is_heif(Bytes bytes);

/// Orientation 1..8 of a TIFF structure as EXIF embeds it; 1 when there is none or it is broken.
int exif_orientation(Bytes tiff);

/// Throws decode when the file is visibly incomplete: OpenCV would return what there is, the rest grey or black.
void check_webp_complete(Bytes bytes);
void check_bmp_complete(Bytes bytes);
/// Checks every chunk's length and checksum, and returns the file without ancillary chunks: a compressed text or colour
/// profile could make libpng allocate as much as its author likes, and nothing of them changes the pixels we use.
Array<std::uint8_t, 1> complete_png_without_ancillary_chunks(Bytes bytes);

/// Pixels before the orientation is applied: what the decoders hand to orient().
struct StoredPixels {
  const void* data = nullptr;
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  std::int64_t row_bytes = 0;
  int bytes_per_sample = 1;   ///< 1, or 2: scaled from 0..65535 to 0..255
  int samples_per_pixel = 3;  ///< what follows the first three is ignored
  bool blue_first = false;
};

/// The upright RGB image.
Image orient(const StoredPixels& stored, int orientation);

/// Throws decode when the image is larger than `limits` or the decoders allow.
void check_limits(const ImageHeader& header, const DecodeLimits& limits);

/// Size at which a JPEG is decoded, as stored: the reduction that DecodeOptions allows.
PixelSize reduced_size(const ImageHeader& header, const DecodeOptions& options);
Image decode_jpeg(Bytes bytes, const ImageHeader& header, const DecodeOptions& options);
Image decode_with_opencv(Bytes bytes, const ImageHeader& header);
Image decode_tiff(Bytes bytes, const ImageHeader& header);
Image decode_gif(Bytes bytes, const ImageHeader& header);
Image decode_pnm(Bytes bytes, const ImageHeader& header);
Image decode_heif(Bytes bytes, const ImageHeader& header);

}  // namespace simile
