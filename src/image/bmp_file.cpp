// SPDX-License-Identifier: Apache-2.0
// Windows bitmap: a file header of 14 bytes, then a core header (12 bytes) or one of the info headers (16 bytes and
// more).
#include <cstdlib>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::uint32_t kCoreHeaderBytes = 12;
constexpr std::uint32_t kRle8 = 1;
constexpr std::uint32_t kRle4 = 2;

struct BmpFields {
  std::int64_t data_offset = 0;
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  std::int64_t bits_per_pixel = 0;
  std::uint32_t compression = 0;
  std::int64_t compressed_bytes = 0;
};

BmpFields read_fields(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(10);
  BmpFields fields;
  fields.data_offset = reader.u32_little();
  const auto header_bytes = reader.u32_little();
  if (header_bytes == kCoreHeaderBytes) {
    fields.width_px = reader.u16_little();
    fields.height_px = reader.u16_little();
  } else {
    fields.width_px = static_cast<std::int32_t>(reader.u32_little());
    // Rows stored from top to bottom are marked by a negative height.
    fields.height_px = std::abs(std::int64_t{static_cast<std::int32_t>(reader.u32_little())});
  }
  reader.skip(2);
  fields.bits_per_pixel = reader.u16_little();
  if (header_bytes >= 40) {
    fields.compression = reader.u32_little();
    fields.compressed_bytes = reader.u32_little();
  }
  if (!reader.ok()) throw_decode("BMP cut short");
  return fields;
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
  const bool run_length = fields.compression == kRle8 || fields.compression == kRle4;
  const auto row_bytes = (fields.width_px * fields.bits_per_pixel + 31) / 32 * 4;
  const auto data_bytes = run_length ? fields.compressed_bytes : row_bytes * fields.height_px;
  const auto available = static_cast<std::int64_t>(bytes.size()) - fields.data_offset;
  if (available < data_bytes) {
    throw_decode(
        concat("BMP cut short: ", std::max<std::int64_t>(available, 0), " of ", data_bytes, " bytes of pixels"));
  }
}

}  // namespace simile
