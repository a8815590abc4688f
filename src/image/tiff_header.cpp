// SPDX-License-Identifier: Apache-2.0
// TIFF 6.0 and BigTIFF: the first directory is the image.
#include "image/formats.hpp"
#include "image/tiff_directory.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

enum Tag : std::uint16_t {
  kWidth = 256,
  kHeight = 257,
  kBitsPerSample = 258,
  kSamplesPerPixel = 277,
  kTileWidth = 322,
  kTileHeight = 323,
};

constexpr std::uint64_t kMaxSide = 0xffffffff;
constexpr std::uint64_t kMaxSamples = 16;
constexpr std::uint64_t kMaxBits = 64;

}  // namespace

bool is_tiff(Bytes bytes) {
  ByteReader reader(bytes);
  return reader.accept({"II*\0", 4}) || reader.accept({"MM\0*", 4}) || reader.accept({"II+\0", 4}) ||
         reader.accept({"MM\0+", 4});
}

ImageHeader read_tiff_header(Bytes bytes) {
  ImageHeader header{.format = ImageFormat::tiff, .bits_per_sample = 1};
  header.orientation = exif_orientation(bytes);
  TiffDirectory directory(bytes);
  const auto bounded = [&](const TiffEntry& entry, std::uint64_t largest, const char* what) {
    const auto value = directory.value(entry).value_or(0);
    if (value > largest) throw_decode(concat("TIFF with ", value, " ", what));
    return static_cast<std::int64_t>(value);
  };
  while (const auto entry = directory.next()) {
    switch (entry->tag) {
      case kWidth:
        header.width_px = bounded(*entry, kMaxSide, "columns");
        break;
      case kHeight:
        header.height_px = bounded(*entry, kMaxSide, "rows");
        break;
      case kBitsPerSample:
        header.bits_per_sample = static_cast<int>(bounded(*entry, kMaxBits, "bits a sample"));
        break;
      case kSamplesPerPixel:
        header.channels = static_cast<int>(bounded(*entry, kMaxSamples, "samples a pixel"));
        break;
      case kTileWidth:
        header.block_width_px = bounded(*entry, kMaxSide, "columns a tile");
        break;
      case kTileHeight:
        header.block_height_px = bounded(*entry, kMaxSide, "rows a tile");
        break;
      default:
        break;
    }
  }
  return header;
}

}  // namespace simile
