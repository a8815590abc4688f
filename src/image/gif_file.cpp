// SPDX-License-Identifier: Apache-2.0
// GIF (87a, 89a): a screen, perhaps a palette, then extensions and frames. The first frame is the image, on a canvas
// that holds both it and the screen.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include <gif_lib.h>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::uint8_t kExtension = 0x21;
constexpr std::uint8_t kFrame = 0x2c;

std::size_t palette_bytes(std::uint8_t flags) { return (flags & 0x80) != 0 ? std::size_t{3} << ((flags & 7) + 1) : 0; }

int read_bytes(GifFileType* gif, GifByteType* target, int count) {
  const auto part = static_cast<ByteReader*>(gif->UserData)->take(static_cast<std::size_t>(count));
  if (part.empty()) return 0;
  std::memcpy(target, part.data(), part.size());
  return count;
}

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, CloseGif>;

[[noreturn]] void throw_gif_error(int error) {
  const char* text = GifErrorString(error);
  throw_decode(concat("corrupt GIF: ", text != nullptr ? text : "unknown error"));
}

void require(int result, const Gif& gif) {
  if (result == GIF_ERROR) throw_gif_error(gif->Error);
}

/// Reads up to the first frame's pixels; gives its transparent colour, if it has one.
std::optional<int> find_frame(const Gif& gif) {
  std::optional<int> transparent;
  for (;;) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    require(DGifGetRecordType(gif.get(), &type), gif);
    if (type == IMAGE_DESC_RECORD_TYPE) break;
    if (type != EXTENSION_RECORD_TYPE) throw_decode("GIF without an image");
    int code = 0;
    GifByteType* data = nullptr;
    require(DGifGetExtension(gif.get(), &code, &data), gif);
    GraphicsControlBlock control{};
    if (code == GRAPHICS_EXT_FUNC_CODE && data != nullptr &&
        DGifExtensionToGCB(data[0], data + 1, &control) == GIF_OK && control.TransparentColor != NO_TRANSPARENT_COLOR) {
      transparent = control.TransparentColor;
    }
    while (data != nullptr) require(DGifGetExtensionNext(gif.get(), &data), gif);
  }
  require(DGifGetImageDesc(gif.get()), gif);
  return transparent;
}

class Painter {
 public:
  Painter(const ColorMapObject& palette, Image& image) : palette_(palette), image_(image) {}

  void fill(int index) {
    const std::vector<GifPixelType> row(static_cast<std::size_t>(image_.shape(1)), static_cast<GifPixelType>(index));
    for (std::int64_t y = 0; y < image_.shape(0); ++y) paint(row, 0, y);
  }
  void paint(const std::vector<GifPixelType>& indices, std::int64_t x, std::int64_t y) {
    auto* out = image_.data() + (y * image_.shape(1) + x) * 3;
    for (const auto index : indices) {
      if (index >= palette_.ColorCount) throw_decode("corrupt GIF: a colour outside its palette");
      const auto& colour = palette_.Colors[index];
      *out++ = colour.Red;
      *out++ = colour.Green;
      *out++ = colour.Blue;
    }
  }

 private:
  const ColorMapObject& palette_;
  Image& image_;
};

}  // namespace

bool is_gif(Bytes bytes) {
  ByteReader reader(bytes);
  return reader.accept("GIF87a") || reader.accept("GIF89a");
}

ImageHeader read_gif_header(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(6);
  ImageHeader header{.format = ImageFormat::gif, .channels = 3};
  header.width_px = reader.u16_little();
  header.height_px = reader.u16_little();
  const auto flags = reader.u8();
  reader.skip(2 + palette_bytes(flags));
  auto block = reader.u8();
  for (; block == kExtension; block = reader.u8()) {
    reader.skip(1);
    while (const std::size_t length = reader.u8()) reader.skip(length);
  }
  const std::int64_t left = reader.u16_little();
  const std::int64_t top = reader.u16_little();
  const std::int64_t width = reader.u16_little();
  const std::int64_t height = reader.u16_little();
  if (!reader.ok() || block != kFrame) throw_decode("GIF without an image");
  if (width == 0 || height == 0) throw_decode(concat("GIF with a frame of ", width, " x ", height, " pixels"));
  header.width_px = std::max(header.width_px, left + width);
  header.height_px = std::max(header.height_px, top + height);
  return header;
}

Image decode_gif(Bytes bytes, const ImageHeader& header) {
  ByteReader reader(bytes);
  int error = 0;
  const Gif gif(DGifOpen(&reader, read_bytes, &error));
  if (!gif) throw_gif_error(error);
  const auto transparent = find_frame(gif);
  const GifImageDesc frame = gif->Image;
  const std::int64_t right = std::int64_t{frame.Left} + frame.Width;
  const std::int64_t bottom = std::int64_t{frame.Top} + frame.Height;
  if (std::max<std::int64_t>(gif->SWidth, right) != header.width_px ||
      std::max<std::int64_t>(gif->SHeight, bottom) != header.height_px) {
    throw_decode("corrupt GIF: contradictory sizes");
  }
  const ColorMapObject* palette = frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap;
  if (palette == nullptr) throw_decode("GIF without a palette");

  Image image({header.height_px, header.width_px, 3});
  Painter painter(*palette, image);
  if (frame.Width < header.width_px || frame.Height < header.height_px) painter.fill(transparent.value_or(0));
  std::vector<GifPixelType> row(static_cast<std::size_t>(frame.Width));
  const auto read_rows = [&](int first, int step) {
    for (int y = first; y < frame.Height; y += step) {
      require(DGifGetLine(gif.get(), row.data(), frame.Width), gif);
      painter.paint(row, frame.Left, frame.Top + y);
    }
  };
  if (frame.Interlace) {
    for (const auto& [first, step] : {std::pair{0, 8}, {4, 8}, {2, 4}, {1, 2}}) read_rows(first, step);
  } else {
    read_rows(0, 1);
  }
  return image;
}

}  // namespace simile
