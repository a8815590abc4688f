// SPDX-License-Identifier: Apache-2.0
#include "support/coded_files.hpp"

#include <memory>
#include <stdexcept>

#include <gif_lib.h>
#include <opencv2/imgproc.hpp>

#if SIMILE_HAS_HEIF
#include <libheif/heif.h>
#endif

#include "support/tiff_files.hpp"

namespace simile::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

int append_bytes(GifFileType* gif, const GifByteType* bytes, int count) {
  auto& file = *static_cast<File*>(gif->UserData);
  for (int k = 0; k < count; ++k) file.push_back(bytes[k]);
  return count;
}

using GifPalette = std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)>;

GifPalette make_palette(const std::vector<cv::Vec3b>& colours) {
  GifPalette palette(nullptr, GifFreeMapObject);
  if (colours.empty()) return palette;
  palette.reset(GifMakeMapObject(static_cast<int>(colours.size()), nullptr));
  require(palette != nullptr, "GifMakeMapObject");
  for (std::size_t k = 0; k < colours.size(); ++k) palette->Colors[k] = {colours[k][0], colours[k][1], colours[k][2]};
  return palette;
}

void write_frame(GifFileType* gif, const GifFrame& frame) {
  if (frame.transparent >= 0) {
    GraphicsControlBlock control{
        .DisposalMode = 0, .UserInputFlag = false, .DelayTime = 0, .TransparentColor = frame.transparent};
    GifByteType bytes[4];
    EGifGCBToExtension(&control, bytes);
    require(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, bytes) == GIF_OK, "EGifPutExtension");
  }
  const auto palette = make_palette(frame.palette);
  const auto& indices = frame.indices;
  require(EGifPutImageDesc(gif, frame.left, frame.top, indices.cols, indices.rows, frame.interlaced, palette.get()) ==
              GIF_OK,
          "EGifPutImageDesc");
  const auto put = [&](int first, int step) {
    for (int y = first; y < indices.rows; y += step) {
      require(EGifPutLine(gif, const_cast<GifPixelType*>(indices.ptr(y)), indices.cols) == GIF_OK, "EGifPutLine");
    }
  };
  if (frame.interlaced) {
    put(0, 8);
    put(4, 8);
    put(2, 4);
    put(1, 2);
  } else {
    put(0, 1);
  }
}

}  // namespace

File write_gif(int width, int height, const std::vector<cv::Vec3b>& palette, const std::vector<GifFrame>& frames) {
  File file;
  int error = 0;
  GifFileType* gif = EGifOpen(&file, append_bytes, &error);
  require(gif != nullptr, "EGifOpen");
  EGifSetGifVersion(gif, true);
  require(EGifPutScreenDesc(gif, width, height, 8, 0, make_palette(palette).get()) == GIF_OK, "EGifPutScreenDesc");
  for (const auto& frame : frames) write_frame(gif, frame);
  require(EGifCloseFile(gif, &error) == GIF_OK, "EGifCloseFile");
  return file;
}

std::vector<cv::Vec3b> gif_colours() {
  std::vector<cv::Vec3b> colours;
  for (int k = 0; k < 64; ++k) {
    const auto level = [](int two_bits) { return static_cast<std::uint8_t>(85 * (two_bits & 3)); };
    colours.emplace_back(level(k >> 4), level(k >> 2), level(k));
  }
  return colours;
}

cv::Mat gif_indices(int width, int height) {
  cv::Mat indices(height, width, CV_8UC1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      indices.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>((5 * x + 11 * y + x * y / 3) % 64);
    }
  }
  return indices;
}

#if SIMILE_HAS_HEIF

bool can_write_heif(bool avif) {
  return heif_have_encoder_for_format(avif ? heif_compression_AV1 : heif_compression_HEVC) != 0;
}

namespace {

void require_ok(const heif_error& error) {
  if (error.code != heif_error_Ok) throw std::runtime_error(error.message);
}

heif_error append_chunk(heif_context*, const void* data, std::size_t size, void* target) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  static_cast<File*>(target)->assign(bytes, bytes + size);
  return {heif_error_Ok, heif_suberror_Unspecified, "ok"};
}

}  // namespace

File write_heif(const cv::Mat& picture, const HeifLayout& layout) {
  const bool alpha = picture.channels() == 4;
  cv::Mat rgb;
  cv::cvtColor(picture, rgb, alpha ? cv::COLOR_BGRA2RGBA : cv::COLOR_BGR2RGB);
  heif_image* image = nullptr;
  require_ok(heif_image_create(rgb.cols, rgb.rows, heif_colorspace_RGB,
                               alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, &image));
  require_ok(heif_image_add_plane(image, heif_channel_interleaved, rgb.cols, rgb.rows, 8));
  int row_bytes = 0;
  auto* plane = heif_image_get_plane(image, heif_channel_interleaved, &row_bytes);
  for (int y = 0; y < rgb.rows; ++y) std::copy_n(rgb.ptr(y), rgb.cols * rgb.elemSize(), plane + y * row_bytes);

  heif_context* context = heif_context_alloc();
  heif_encoder* encoder = nullptr;
  require_ok(heif_context_get_encoder_for_format(context, layout.avif ? heif_compression_AV1 : heif_compression_HEVC,
                                                 &encoder));
  require_ok(heif_encoder_set_lossy_quality(encoder, layout.quality));
  require_ok(heif_encoder_set_lossless(encoder, layout.lossless ? 1 : 0));
  if (layout.lossless) require_ok(heif_encoder_set_parameter_string(encoder, "chroma", "444"));
  heif_encoding_options* options = heif_encoding_options_alloc();
  options->image_orientation = static_cast<heif_orientation>(layout.orientation);
  heif_image_handle* handle = nullptr;
  require_ok(heif_context_encode_image(context, image, encoder, options, &handle));
  File file;
  heif_writer writer{1, append_chunk};
  require_ok(heif_context_write(context, &writer, &file));
  heif_image_handle_release(handle);
  heif_encoding_options_free(options);
  heif_encoder_release(encoder);
  heif_image_release(image);
  heif_context_free(context);
  return file;
}

#else

bool can_write_heif(bool) { return false; }
File write_heif(const cv::Mat&, const HeifLayout&) { throw std::runtime_error("no libheif here"); }

#endif

File encode_any(const std::string& extension, const cv::Mat& picture) {
  if (extension == ".gif") {
    return write_gif(picture.cols, picture.rows, gif_colours(), {{.indices = gif_indices(picture.cols, picture.rows)}});
  }
  if (extension == ".tif") return write_tiff(picture, {.compression = COMPRESSION_LZW});
  if (extension == ".heic" || extension == ".avif") return write_heif(picture, {.avif = extension == ".avif"});
  return encode(extension, picture);
}

}  // namespace simile::test
