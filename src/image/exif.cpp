// SPDX-License-Identifier: Apache-2.0
#include "image/formats.hpp"
#include "image/tiff_directory.hpp"

namespace simile {

int exif_orientation(Bytes tiff) {
  constexpr std::uint16_t kOrientationTag = 0x0112;
  TiffDirectory directory(tiff);
  while (const auto entry = directory.next()) {
    if (entry->tag != kOrientationTag) continue;
    const auto value = directory.value(*entry).value_or(0);
    const bool understood = entry->type == TiffDirectory::kShort && entry->count == 1 && value >= 1 && value <= 8;
    return understood ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace simile
