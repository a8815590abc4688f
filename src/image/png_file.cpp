// SPDX-License-Identifier: Apache-2.0
// PNG (ISO/IEC 15948): a signature, then chunks of length, type, data and CRC-32.
#include <algorithm>
#include <optional>
#include <string_view>

#include <zlib.h>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kFramingBytes = 12;  // length, type and checksum

struct PngChunk {
  std::string_view type;
  Bytes data;
  Bytes whole;  ///< with its framing
  std::uint32_t stored_crc = 0;
};

/// The chunk at the reader's position; nothing when it is not complete.
std::optional<PngChunk> next_chunk(ByteReader& reader, Bytes file) {
  const auto start = reader.position();
  const std::size_t length = reader.u32_big();
  const auto type = reader.take(4);
  PngChunk chunk;
  chunk.data = reader.take(length);
  chunk.stored_crc = reader.u32_big();
  if (!reader.ok()) return std::nullopt;
  chunk.type = {reinterpret_cast<const char*>(type.data()), type.size()};
  chunk.whole = file.subspan(start, length + kFramingBytes);
  return chunk;
}

bool checksum_holds(const PngChunk& chunk) {
  const auto covered = chunk.whole.subspan(4, chunk.data.size() + 4);
  return crc32_z(0, covered.data(), covered.size()) == chunk.stored_crc;
}

bool is_critical(std::string_view type) { return (type.front() & 0x20) == 0; }

int channels_of(std::uint8_t colour_type) {
  switch (colour_type) {
    case 2:
    case 3:  // a palette of RGB colours
      return 3;
    case 4:
      return 2;
    case 6:
      return 4;
    default:
      return 1;
  }
}

}  // namespace

ImageHeader read_png_header(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(kSignatureBytes);
  const auto first = next_chunk(reader, bytes);
  if (!first || first->type != "IHDR" || first->data.size() != 13) throw_decode("PNG without an image header");
  ByteReader fields(first->data);
  ImageHeader header{.format = ImageFormat::png};
  header.width_px = fields.u32_big();
  header.height_px = fields.u32_big();
  header.bits_per_sample = fields.u8();
  header.channels = channels_of(fields.u8());
  while (const auto chunk = next_chunk(reader, bytes)) {
    if (chunk->type == "eXIf") {
      header.orientation = exif_orientation(chunk->data);
      break;
    }
  }
  return header;
}

Array<std::uint8_t, 1> complete_png_without_ancillary_chunks(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(kSignatureBytes);
  std::size_t kept_bytes = kSignatureBytes;
  bool has_data = false;
  bool complete = false;
  while (!complete) {
    const auto chunk = next_chunk(reader, bytes);
    if (!chunk) throw_decode("PNG cut short");
    if (!is_critical(chunk->type)) continue;
    if (!checksum_holds(*chunk)) throw_decode(concat("PNG with a wrong checksum in chunk ", in_quotes(chunk->type)));
    kept_bytes += chunk->whole.size();
    has_data |= chunk->type == "IDAT";
    complete = chunk->type == "IEND";
  }
  if (!has_data) throw_decode("PNG without image data");

  Array<std::uint8_t, 1> kept({static_cast<std::int64_t>(kept_bytes)});
  auto* out = std::copy_n(bytes.begin(), kSignatureBytes, kept.data());
  reader.seek(kSignatureBytes);
  for (std::optional<PngChunk> chunk; !chunk || chunk->type != "IEND";) {
    chunk = next_chunk(reader, bytes);
    if (is_critical(chunk->type)) out = std::copy(chunk->whole.begin(), chunk->whole.end(), out);
  }
  return kept;
}

}  // namespace simile
