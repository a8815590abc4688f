// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>

#include "check.hpp"

#include "simile/core/error.hpp"
#include "simile/image/decode.hpp"

namespace {

/// Decodes and, where that succeeds, checks the image against the header.
void decode(std::span<const std::uint8_t> bytes, const simile::DecodeOptions& options) {
  try {
    const auto image = simile::decode_image(bytes, options);
    const auto header = simile::read_image_header(bytes);
    auto width = header.width_px;
    auto height = header.height_px;
    if (header.orientation >= 5) std::swap(width, height);
    simile::check(image.shape(2) == 3);
    if (options.reduce_for) {
      simile::check(image.shape(1) <= width && image.shape(0) <= height);
    } else {
      simile::check(image.shape(1) == width && image.shape(0) == height);
    }
    simile::check(image.size_bytes() <= simile::decode_bytes(header, options));
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::decode);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Video decoders are not ours to fuzz here, and are the reason for decoding such files in a process of their own.
  try {
    const auto format = simile::read_image_header({data, size}).format;
    if (format == simile::ImageFormat::heic || format == simile::ImageFormat::avif) return 0;
  } catch (const simile::Error&) {
    return 0;
  }
  simile::DecodeOptions options{.limits = {.max_pixels = 1 << 16}};
  decode({data, size}, options);
  options.reduce_for = simile::PixelSize{4, 3};
  decode({data, size}, options);
  return 0;
}
