// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "image/formats.hpp"

#include "simile/core/text.hpp"

#if SIMILE_HAS_HEIF
#include <libheif/heif.h>
#endif

namespace simile {

#if SIMILE_HAS_HEIF
namespace {

template <class T, void (*Free)(T*)>
struct Release {
  void operator()(T* object) const { Free(object); }
};
void release_handle(heif_image_handle* handle) { heif_image_handle_release(handle); }
void release_image(heif_image* image) { heif_image_release(image); }
using HeifContext = std::unique_ptr<heif_context, Release<heif_context, heif_context_free>>;
using HeifHandle = std::unique_ptr<heif_image_handle, Release<heif_image_handle, release_handle>>;
using HeifOptions = std::unique_ptr<heif_decoding_options, Release<heif_decoding_options, heif_decoding_options_free>>;
using HeifImage = std::unique_ptr<heif_image, Release<heif_image, release_image>>;

void require(const heif_error& error, ImageFormat format) {
  if (error.code == heif_error_Ok) return;
  const bool memory = error.code == heif_error_Memory_allocation_error;
  if (memory && error.subcode != heif_suberror_Security_limit_exceeded)
    throw Error(ErrorCode::out_of_memory, error.message);
  throw_decode(concat("corrupt or unsupported ", to_string(format), ": ", error.message));
}

HeifImage decode_primary(Bytes bytes, const ImageHeader& header) {
  const HeifContext context(heif_context_alloc());
  const HeifOptions options(heif_decoding_options_alloc());
  if (!context || !options) throw Error(ErrorCode::out_of_memory, "cannot start the HEIF decoder");
  // Tiles may be larger than what is shown of them.
  constexpr std::int64_t kLargestTile = 8192;
  const auto side = std::max({header.block_width_px, header.block_height_px, kLargestTile});
  heif_context_set_maximum_image_size_limit(context.get(), static_cast<int>(side));
  heif_context_set_max_decoding_threads(context.get(), 0);  // the pool has as many as it was given
  require(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr),
          header.format);
  heif_image_handle* raw_handle = nullptr;
  require(heif_context_get_primary_image_handle(context.get(), &raw_handle), header.format);
  const HeifHandle handle(raw_handle);
  options->convert_hdr_to_8bit = 1;
  options->strict_decoding = 1;
  heif_image* raw_image = nullptr;
  require(heif_decode_image(handle.get(), &raw_image, heif_colorspace_RGB, heif_chroma_interleaved_RGB, options.get()),
          header.format);
  return HeifImage(raw_image);
}

}  // namespace

Image decode_heif(Bytes bytes, const ImageHeader& header) {
  const bool hevc = header.format == ImageFormat::heic;
  if (heif_have_decoder_for_format(hevc ? heif_compression_HEVC : heif_compression_AV1) == 0) {
    throw_decode(concat(to_string(header.format), " cannot be decoded here: libheif has no decoder for ",
                        hevc ? "HEVC" : "AV1"));
  }
  const auto decoded = decode_primary(bytes, header);
  int row_bytes = 0;
  const auto* pixels = heif_image_get_plane_readonly(decoded.get(), heif_channel_interleaved, &row_bytes);
  const auto width = heif_image_get_width(decoded.get(), heif_channel_interleaved);
  const auto height = heif_image_get_height(decoded.get(), heif_channel_interleaved);
  if (pixels == nullptr || width != header.width_px || height != header.height_px) {
    throw_decode(concat("corrupt ", to_string(header.format), ": contradictory sizes"));
  }
  return orient({.data = pixels, .width_px = width, .height_px = height, .row_bytes = row_bytes}, header.orientation);
}

#else

Image decode_heif(Bytes /*bytes*/, const ImageHeader& header) {
  throw_decode(concat(to_string(header.format), " cannot be decoded here: simile was built without libheif"));
}

#endif

}  // namespace simile
