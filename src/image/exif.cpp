// SPDX-License-Identifier: Apache-2.0
#include "image/byte_reader.hpp"
#include "image/formats.hpp"

namespace simile {

int exif_orientation(Bytes tiff) {
  constexpr std::uint16_t kOrientationTag = 0x0112;
  constexpr std::uint16_t kShort = 3;
  ByteReader reader(tiff);
  const bool big_endian = reader.accept("MM");
  if (!big_endian && !reader.accept("II")) return 1;
  const auto u16 = [&] { return big_endian ? reader.u16_big() : reader.u16_little(); };
  const auto u32 = [&] { return big_endian ? reader.u32_big() : reader.u32_little(); };

  if (u16() != 42) return 1;
  reader.seek(u32());
  for (int entries = u16(); entries > 0 && reader.ok(); --entries) {
    const auto tag = u16();
    const auto type = u16();
    const auto count = u32();
    const int value = u16();
    reader.skip(2);
    if (tag != kOrientationTag || !reader.ok()) continue;
    return type == kShort && count == 1 && value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

}  // namespace simile
