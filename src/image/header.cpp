// SPDX-License-Identifier: Apache-2.0
#include "simile/image/header.hpp"

#include <string>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

ImageHeader parse(Bytes bytes) {
  ByteReader reader(bytes);
  if (reader.accept("\xff\xd8\xff")) return read_jpeg_header(bytes);
  if (reader.accept("\x89PNG\r\n\x1a\n")) return read_png_header(bytes);
  if (reader.accept("RIFF")) {
    reader.skip(4);
    if (reader.accept("WEBP")) return read_webp_header(bytes);
  } else if (reader.accept("BM")) {
    return read_bmp_header(bytes);
  }
  if (is_tiff(bytes)) return read_tiff_header(bytes);
  if (is_gif(bytes)) return read_gif_header(bytes);
  if (is_pnm(bytes)) return read_pnm_header(bytes);
  if (is_heif(bytes)) return read_heif_header(bytes);
  throw_decode("not a JPEG, PNG, WebP, BMP, TIFF, GIF, PNM, HEIC or AVIF image");
}

}  // namespace

std::string_view to_string(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
      return "JPEG";
    case ImageFormat::png:
      return "PNG";
    case ImageFormat::webp:
      return "WebP";
    case ImageFormat::bmp:
      return "BMP";
    case ImageFormat::tiff:
      return "TIFF";
    case ImageFormat::gif:
      return "GIF";
    case ImageFormat::pnm:
      return "PNM";
    case ImageFormat::heic:
      return "HEIC";
    case ImageFormat::avif:
      return "AVIF";
  }
  return "unknown";
}

ImageHeader read_image_header(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) throw_decode("empty file");
  const auto header = parse(bytes);
  if (header.width_px < 1 || header.height_px < 1) {
    throw_decode(concat(to_string(header.format), " of ", header.width_px, " x ", header.height_px, " pixels"));
  }
  return header;
}

bool starts_as_image(std::span<const std::uint8_t> bytes) {
  // A TIFF's directory may stand at its end, and a HEIF's boxes behind each other; a PNM's signature alone could be
  // text.
  if (is_tiff(bytes) || is_gif(bytes) || is_heif(bytes)) return true;
  try {
    read_image_header(bytes);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace simile
