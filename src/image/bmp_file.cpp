// SPDX-License-Identifier: Apache-2.0
// Windows bitmap: a file header of 14 bytes, a core header (12 bytes) or an info header (40 and more), a palette or
// masks, rows of pixels.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kFileHeaderBytes = 14;
constexpr std::uint32_t kCoreHeaderBytes = 12;
constexpr std::uint32_t kInfoHeaderBytes = 40;
constexpr std::uint32_t kInfoHeaderBytesWithMasks = 56;

enum Compression : std::uint32_t { kPlain = 0, kRunLength8 = 1, kRunLength4 = 2, kMasks = 3 };

struct BmpFields {
  std::int64_t data_offset = 0;
  std::uint32_t header_bytes = 0;
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  std::int64_t bits_per_pixel = 0;
  std::uint32_t compression = kPlain;
  std::int64_t compressed_bytes = 0;
  std::int64_t colours_used = 0;
};

BmpFields read_fields(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(10);
  BmpFields fields;
  fields.data_offset = reader.u32_little();
  fields.header_bytes = reader.u32_little();
  if (fields.header_bytes == kCoreHeaderBytes) {
    fields.width_px = reader.u16_little();
    fields.height_px = reader.u16_little();
  } else {
    fields.width_px = static_cast<std::int32_t>(reader.u32_little());
    // Rows stored from top to bottom are marked by a negative height.
    fields.height_px = std::abs(std::int64_t{static_cast<std::int32_t>(reader.u32_little())});
  }
  reader.skip(2);
  fields.bits_per_pixel = reader.u16_little();
  if (fields.header_bytes >= kInfoHeaderBytes) {
    fields.compression = reader.u32_little();
    fields.compressed_bytes = reader.u32_little();
    reader.skip(8);
    fields.colours_used = reader.u32_little();
  }
  if (!reader.ok()) throw_decode("BMP cut short");
  return fields;
}

/// OpenCV looks for masks of 32-bit pixels only where the header has room for them, and else takes the usual ones.
bool masks_are_understood(const BmpFields& fields, Bytes bytes) {
  if (fields.bits_per_pixel != 32 || fields.header_bytes >= kInfoHeaderBytesWithMasks) return true;
  ByteReader reader(bytes);
  reader.skip(kFileHeaderBytes + kInfoHeaderBytes);
  const std::array masks{reader.u32_little(), reader.u32_little(), reader.u32_little()};
  return masks == std::array<std::uint32_t, 3>{0xff0000, 0xff00, 0xff};
}

bool is_supported(const BmpFields& fields, Bytes bytes) {
  const auto bits = fields.bits_per_pixel;
  if (fields.header_bytes != kCoreHeaderBytes && fields.header_bytes < kInfoHeaderBytes) return false;
  switch (fields.compression) {
    case kPlain:
      return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    case kRunLength8:
      return bits == 8;
    case kRunLength4:
      return bits == 4;
    case kMasks:
      return (bits == 16 || bits == 32) && masks_are_understood(fields, bytes);
    default:
      return false;
  }
}

/// Bytes between header and pixels that a reader must take: masks, or a palette, of all its colours where the header
/// gives no number.
std::int64_t table_bytes(const BmpFields& fields) {
  if (fields.bits_per_pixel > 8) return fields.compression == kMasks ? 12 : 0;
  const std::int64_t all = 1LL << fields.bits_per_pixel;
  if (fields.header_bytes == kCoreHeaderBytes) return 3 * all;
  if (fields.colours_used > 256) throw_decode(concat("BMP with a palette of ", fields.colours_used, " colours"));
  return 4 * (fields.colours_used == 0 ? all : fields.colours_used);
}

}  // namespace

ImageHeader read_bmp_header(Bytes bytes) {
  const auto fields = read_fields(bytes);
  ImageHeader header{.format = ImageFormat::bmp, .channels = 3};
  header.width_px = fields.width_px;
  header.height_px = fields.height_px;
  return header;
}

void check_bmp_complete(Bytes bytes) {
  const auto fields = read_fields(bytes);
  if (!is_supported(fields, bytes)) {
    throw_decode(concat("BMP of ", fields.bits_per_pixel, " bits, compression ", fields.compression,
                        " and a header of ", fields.header_bytes, " bytes is not supported"));
  }
  const auto size = static_cast<std::int64_t>(bytes.size());
  const bool run_length = fields.compression == kRunLength8 || fields.compression == kRunLength4;
  const auto row_bytes = (fields.width_px * fields.bits_per_pixel + 31) / 32 * 4;
  const auto data_bytes = run_length ? fields.compressed_bytes : row_bytes * fields.height_px;
  const auto available = std::max<std::int64_t>(size - fields.data_offset, 0);
  if (available < data_bytes || kFileHeaderBytes + fields.header_bytes + table_bytes(fields) > size) {
    throw_decode(concat("BMP cut short: ", available, " of ", data_bytes, " bytes of pixels"));
  }
}

}  // namespace simile
