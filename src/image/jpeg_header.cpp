// SPDX-License-Identifier: Apache-2.0
// ITU-T T.81, annex B: markers up to the first scan.
#include <optional>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::uint8_t kDht = 0xc4;
constexpr std::uint8_t kJpg = 0xc8;
constexpr std::uint8_t kDac = 0xcc;
constexpr std::uint8_t kEoi = 0xd9;
constexpr std::uint8_t kSos = 0xda;
constexpr std::uint8_t kApp1 = 0xe1;

bool is_frame(std::uint8_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != kDht && marker != kJpg && marker != kDac;
}

bool is_progressive(std::uint8_t frame_marker) { return (frame_marker & 3) == 2; }

bool stands_alone(std::uint8_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8); }

/// The next marker, its fill bytes skipped; 0 at the end of the bytes.
std::uint8_t next_marker(ByteReader& reader) {
  if (reader.remaining() == 0) return 0;
  if (reader.u8() != 0xff) throw_decode("JPEG with bytes between its markers");
  std::uint8_t marker = 0xff;
  while (marker == 0xff && reader.remaining() > 0) marker = reader.u8();
  return marker == 0xff ? std::uint8_t{0} : marker;
}

}  // namespace

ImageHeader read_jpeg_header(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(2);
  std::optional<ImageHeader> frame;
  std::optional<int> orientation;
  while (const auto marker = next_marker(reader)) {
    if (stands_alone(marker)) continue;
    if (marker == kEoi) break;
    const std::size_t length = reader.u16_big();
    if (reader.ok() && length < 2) throw_decode("JPEG with a marker of impossible length");
    ByteReader segment(reader.take(length - 2));
    if (!reader.ok()) break;
    if (is_frame(marker) && !frame) {
      frame.emplace();
      frame->bits_per_sample = segment.u8();
      frame->height_px = segment.u16_big();
      frame->width_px = segment.u16_big();
      frame->channels = segment.u8();
      frame->buffered = is_progressive(marker);
      if (!segment.ok()) throw_decode("JPEG with a frame header cut short");
    } else if (marker == kApp1 && !orientation && segment.accept({"Exif\0\0", 6})) {
      orientation = exif_orientation(segment.take(segment.remaining()));
    } else if (marker == kSos) {
      // A scan of some of the components means that the others come later and all are kept until then.
      if (frame && segment.u8() < frame->channels) frame->buffered = true;
      break;
    }
  }
  if (!frame) throw_decode("JPEG without a frame header");
  frame->format = ImageFormat::jpeg;
  frame->orientation = orientation.value_or(1);
  return *frame;
}

}  // namespace simile
