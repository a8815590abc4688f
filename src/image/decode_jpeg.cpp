// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include <turbojpeg.h>

#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

struct DestroyHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Decompressor = std::unique_ptr<void, DestroyHandle>;

/// Some cameras pad the end of the data, which libjpeg warns of and which costs no pixel. libjpeg keeps only its first
/// warning; where there are restart markers, that one could hide a missing interval.
bool is_harmless(std::string_view warning, Bytes bytes) {
  constexpr std::array<std::uint8_t, 4> kRestartInterval{0xff, 0xdd, 0x00, 0x04};
  return warning.ends_with("extraneous bytes before marker 0xd9") &&
         std::search(bytes.begin(), bytes.end(), kRestartInterval.begin(), kRestartInterval.end()) == bytes.end();
}

void decompress(const Decompressor& handle, Bytes bytes, PixelSize size, TJPF format, std::uint8_t* out) {
  // Without the scan limit, a small file with thousands of scans takes minutes (CVE-2018-11813 and its kin).
  const int failed = tjDecompress2(handle.get(), bytes.data(), bytes.size(), out, static_cast<int>(size.width_px), 0,
                                   static_cast<int>(size.height_px), format, TJFLAG_LIMITSCANS);
  if (failed == 0) return;
  const std::string_view message = tjGetErrorStr2(handle.get());
  if (tjGetErrorCode(handle.get()) == TJERR_WARNING && is_harmless(message, bytes)) return;
  throw_decode(concat("corrupt JPEG: ", message));
}

/// Inks to RGB in place of the first three of four bytes. Values are as Adobe's programs write them and as every common
/// reader takes them, whether marked or not: 255 = no ink.
void inks_to_rgb(View<const std::uint8_t, 3> inks, std::uint8_t* rgb) {
  const auto pixels = inks.shape[0] * inks.shape[1];
  const auto* ink = inks.data;
  for (std::int64_t k = 0; k < pixels; ++k, ink += 4, rgb += 3) {
    for (int channel = 0; channel < 3; ++channel) {
      rgb[channel] = static_cast<std::uint8_t>((ink[channel] * ink[3] + 127) / 255);
    }
  }
}

}  // namespace

Image decode_jpeg(Bytes bytes, const ImageHeader& header, const DecodeOptions& options) {
  if (header.bits_per_sample != 8) throw_decode(concat("JPEG of ", header.bits_per_sample, " bits is not supported"));
  const Decompressor handle(tjInitDecompress());
  if (!handle) throw Error(ErrorCode::out_of_memory, "cannot start the JPEG decoder");

  // Only the size and colour space are wanted, which are set also where TurboJPEG has no name for the subsampling and
  // reports that as an error.
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colour_space = -1;
  tjDecompressHeader3(handle.get(), bytes.data(), bytes.size(), &width, &height, &subsampling, &colour_space);
  if (width < 1 || height < 1) throw_decode(concat("corrupt JPEG: ", tjGetErrorStr2(handle.get())));
  if (width != header.width_px || height != header.height_px) throw_decode("corrupt JPEG: contradictory sizes");

  const auto size = reduced_size(header, options);
  Image stored({size.height_px, size.width_px, 3});
  if (colour_space == TJCS_CMYK || colour_space == TJCS_YCCK) {
    Array<std::uint8_t, 3> inks({size.height_px, size.width_px, 4});
    decompress(handle, bytes, size, TJPF_CMYK, inks.data());
    inks_to_rgb(inks.view(), stored.data());
  } else {
    decompress(handle, bytes, size, TJPF_RGB, stored.data());
  }
  if (header.orientation == 1) return stored;
  return orient(
      {.data = stored.data(), .width_px = size.width_px, .height_px = size.height_px, .row_bytes = 3 * size.width_px},
      header.orientation);
}

}  // namespace simile
