// SPDX-License-Identifier: Apache-2.0
// WebP container (RFC 9649): a RIFF header, then chunks of name, length and data padded to an even length.
#include <optional>
#include <string_view>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

namespace simile {
namespace {

constexpr std::size_t kRiffHeaderBytes = 12;
constexpr std::uint8_t kAnimationFlag = 0x02;
constexpr std::uint8_t kExifFlag = 0x08;
constexpr std::uint8_t kAlphaFlag = 0x10;

struct WebpChunk {
  std::string_view name;
  Bytes data;  ///< what there is of it
  bool complete = false;
};

std::optional<WebpChunk> next_chunk(ByteReader& reader) {
  const auto name = reader.take(4);
  const std::size_t length = reader.u32_little();
  if (!reader.ok()) return std::nullopt;
  WebpChunk chunk;
  chunk.name = {reinterpret_cast<const char*>(name.data()), name.size()};
  chunk.complete = length <= reader.remaining();
  chunk.data = reader.take(std::min(length, reader.remaining()));
  if (length % 2 == 1 && reader.remaining() > 0) reader.skip(1);
  return chunk;
}

/// RFC 6386, section 9.1: a key frame starts with a 3-byte tag, a start code and two 14-bit sizes.
void read_lossy_size(ByteReader data, ImageHeader& header) {
  data.skip(3);
  if (!data.accept("\x9d\x01\x2a")) throw_decode("WebP without a key frame");
  header.width_px = data.u16_little() & 0x3fff;
  header.height_px = data.u16_little() & 0x3fff;
  if (!data.ok()) throw_decode("WebP cut short");
}

/// RFC 9649, section 3.4: a signature byte, two 14-bit sizes less one, a bit that says whether there is alpha.
void read_lossless_size(ByteReader data, ImageHeader& header) {
  const bool signature_holds = data.u8() == 0x2f;
  const auto bits = data.u32_little();
  if (!data.ok() || !signature_holds) throw_decode("WebP without a lossless image");
  header.width_px = (bits & 0x3fff) + 1;
  header.height_px = (bits >> 14 & 0x3fff) + 1;
  header.channels = (bits >> 28 & 1) == 1 ? 4 : 3;
}

int find_orientation(ByteReader reader) {
  while (const auto chunk = next_chunk(reader)) {
    if (chunk->name != "EXIF") continue;
    ByteReader exif(chunk->data);
    exif.accept({"Exif\0\0", 6});  // some writers copy the JPEG's prefix
    return exif_orientation(exif.take(exif.remaining()));
  }
  return 1;
}

}  // namespace

ImageHeader read_webp_header(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(kRiffHeaderBytes);
  const auto chunk = next_chunk(reader);
  if (!chunk) throw_decode("WebP cut short");
  ImageHeader header{.format = ImageFormat::webp, .channels = 3};
  ByteReader data(chunk->data);
  if (chunk->name == "VP8 ") {
    read_lossy_size(data, header);
  } else if (chunk->name == "VP8L") {
    read_lossless_size(data, header);
  } else if (chunk->name == "VP8X") {
    const auto flags = data.u8();
    data.skip(3);
    header.width_px = data.u24_little() + 1LL;
    header.height_px = data.u24_little() + 1LL;
    if (!data.ok()) throw_decode("WebP cut short");
    if ((flags & kAnimationFlag) != 0) throw_decode("animated WebP is not supported");
    if ((flags & kAlphaFlag) != 0) header.channels = 4;
    if ((flags & kExifFlag) != 0) header.orientation = find_orientation(reader);
  } else {
    throw_decode("WebP without an image");
  }
  return header;
}

void check_webp_complete(Bytes bytes) {
  ByteReader riff(bytes);
  riff.skip(4);
  const std::size_t length = riff.u32_little();
  if (length > riff.remaining()) throw_decode("WebP cut short");
  ByteReader reader(riff.take(length));
  reader.skip(4);
  bool has_image = false;
  while (const auto chunk = next_chunk(reader)) {
    if (!chunk->complete) throw_decode("WebP with a chunk cut short");
    has_image |= chunk->name == "VP8 " || chunk->name == "VP8L";
  }
  if (!has_image) throw_decode("WebP without an image");
}

}  // namespace simile
