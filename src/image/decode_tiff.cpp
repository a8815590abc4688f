// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include <tiffio.h>

#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

/// A file in memory, as libtiff reads it, and what libtiff said of it. Messages are kept per file: libtiff's usual
/// handlers are the process's.
struct Source {
  Bytes bytes;
  toff_t position = 0;
  std::string error;
  std::string warning;
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* target, tmsize_t count) {
  auto& source = source_of(handle);
  if (source.position >= source.bytes.size()) return 0;
  const auto part = std::min<std::size_t>(static_cast<std::size_t>(count), source.bytes.size() - source.position);
  std::memcpy(target, source.bytes.data() + source.position, part);
  source.position += part;
  return static_cast<tmsize_t>(part);
}
tmsize_t write_nothing(thandle_t /*handle*/, void* /*bytes*/, tmsize_t /*count*/) { return -1; }
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& source = source_of(handle);
  const toff_t base = whence == SEEK_CUR ? source.position : whence == SEEK_END ? source.bytes.size() : 0;
  return source.position = base + offset;
}
int close_nothing(thandle_t /*handle*/) { return 0; }
toff_t size_of(thandle_t handle) { return source_of(handle).bytes.size(); }

int keep_first(std::string& kept, const char* format, std::va_list arguments) {
  std::array<char, 256> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  if (kept.empty()) kept = text.data();
  return 1;  // handled: nothing is printed
}
int keep_error(TIFF* /*tiff*/, void* source, const char* /*module*/, const char* format, std::va_list arguments) {
  return keep_first(static_cast<Source*>(source)->error, format, arguments);
}
int keep_warning(TIFF* /*tiff*/, void* source, const char* /*module*/, const char* format, std::va_list arguments) {
  return keep_first(static_cast<Source*>(source)->warning, format, arguments);
}

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
struct FreeOptions {
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
using Tiff = std::unique_ptr<TIFF, CloseTiff>;

[[noreturn]] void throw_tiff_error(const Source& source) {
  const std::string& message = source.error.empty() ? source.warning : source.error;
  throw_decode(concat("corrupt or unsupported TIFF: ", message.empty() ? "no reason given" : message));
}

/// Reads the first directory only; others are never followed.
Tiff open_tiff(Source& source, std::int64_t largest_allocation) {
  const std::unique_ptr<TIFFOpenOptions, FreeOptions> options(TIFFOpenOptionsAlloc());
  if (!options) throw Error(ErrorCode::out_of_memory, "cannot start the TIFF decoder");
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), largest_allocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), keep_warning, &source);
  Tiff tiff(TIFFClientOpenExt("memory", "rm", &source, read_bytes, write_nothing, seek, close_nothing, size_of, nullptr,
                              nullptr, options.get()));
  if (!tiff) throw_tiff_error(source);
  source.warning.clear();  // unknown tags and the like; while pixels are read, a warning means that some are missing
  return tiff;
}

template <class T>
T field(const Tiff& tiff, std::uint32_t tag) {
  T value{};
  TIFFGetFieldDefaulted(tiff.get(), tag, &value);
  return value;
}

using Level = std::uint8_t (*)(const std::uint8_t* sample);

template <class T>
T sample_at(const std::uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}
template <class T>
std::uint8_t whole_level(const std::uint8_t* sample) {
  constexpr std::uint64_t kUnit = std::numeric_limits<T>::max() / 255;
  return static_cast<std::uint8_t>((sample_at<T>(sample) + kUnit / 2) / kUnit);
}
/// 0 to 1 is black to white; beyond is cut off, and what is no number is black.
template <class T>
std::uint8_t real_level(const std::uint8_t* sample) {
  const T value = sample_at<T>(sample);
  return value > 0 ? static_cast<std::uint8_t>(std::lrint(255 * std::min<T>(value, 1))) : std::uint8_t{0};
}

/// How 8-bit levels are made of samples that are colours as they stand; none for palettes, inks, few bits and the like.
Level plain_level(const Tiff& tiff) {
  const auto photometric = field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC);
  if (photometric != PHOTOMETRIC_MINISBLACK && photometric != PHOTOMETRIC_MINISWHITE &&
      photometric != PHOTOMETRIC_RGB) {
    return nullptr;
  }
  const auto bits = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE);
  const auto kind = field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT);
  if (kind == SAMPLEFORMAT_IEEEFP && bits == 32) return real_level<float>;
  if (kind == SAMPLEFORMAT_IEEEFP && bits == 64) return real_level<double>;
  if (kind != SAMPLEFORMAT_UINT && kind != SAMPLEFORMAT_VOID) {
    throw_decode(concat("TIFF of ", bits, "-bit samples of kind ", kind, " is not supported"));
  }
  switch (bits) {
    case 8:
      return whole_level<std::uint8_t>;
    case 16:
      return whole_level<std::uint16_t>;
    case 32:
      return whole_level<std::uint32_t>;
    default:
      return nullptr;
  }
}

/// Reads strips or tiles of plain samples and paints them. Alpha and other extra samples are left out.
class PlainReader {
 public:
  PlainReader(const Tiff& tiff, const Source& source, const ImageHeader& header, Level to_level)
      : tiff_(tiff), source_(source), level_(to_level), image_({header.height_px, header.width_px, 3}) {
    tiled_ = TIFFIsTiled(tiff.get()) != 0;
    separate_ = field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    negative_ = field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC) == PHOTOMETRIC_MINISWHITE;
    samples_ = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL);
    sample_bytes_ = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE) / 8;
    width_ = tiled_ ? field<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH) : header.width_px;
    height_ = tiled_ ? field<std::uint32_t>(tiff, TIFFTAG_TILELENGTH)
                     : std::min<std::int64_t>(field<std::uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP), header.height_px);
    if (width_ < 1 || height_ < 1) throw_decode("corrupt TIFF: empty strips or tiles");
    block_ = Array<std::uint8_t, 1>({width_ * height_ * sample_bytes_ * (separate_ ? 1 : samples_)});
  }

  Image read() {
    const int planes = separate_ ? colours() : 1;
    for (int plane = 0; plane < planes; ++plane) {
      for (std::int64_t y = 0; y < image_.shape(0); y += height_) {
        for (std::int64_t x = 0; x < image_.shape(1); x += width_) {
          read_block(x, y, plane);
          paint_block(x, y, plane);
        }
      }
    }
    return std::move(image_);
  }

 private:
  int colours() const { return samples_ >= 3 ? 3 : 1; }

  void read_block(std::int64_t x, std::int64_t y, int plane) {
    auto* tiff = tiff_.get();
    const auto column = static_cast<std::uint32_t>(x);
    const auto row = static_cast<std::uint32_t>(y);
    const auto sample = static_cast<std::uint16_t>(plane);
    auto wanted = block_.size();
    if (!tiled_) wanted = wanted / height_ * std::min(height_, image_.shape(0) - y);
    const auto got =
        tiled_ ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, column, row, 0, sample), block_.data(), wanted)
               : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, row, sample), block_.data(), wanted);
    if (got != wanted) throw_tiff_error(source_);
  }

  void paint_block(std::int64_t left, std::int64_t top, int plane) {
    const auto stride = separate_ ? sample_bytes_ : sample_bytes_ * samples_;
    const auto right = std::min(left + width_, image_.shape(1));
    const auto bottom = std::min(top + height_, image_.shape(0));
    for (auto y = top; y < bottom; ++y) {
      const auto* in = block_.data() + (y - top) * width_ * stride;
      for (auto x = left; x < right; ++x, in += stride) {
        auto* out = image_.data() + (y * image_.shape(1) + x) * 3;
        if (colours() == 1) {
          std::fill_n(out, 3, level(in));
        } else if (separate_) {
          out[plane] = level(in);
        } else {
          for (int colour = 0; colour < 3; ++colour) out[colour] = level(in + colour * sample_bytes_);
        }
      }
    }
  }
  std::uint8_t level(const std::uint8_t* sample) const {
    const auto value = level_(sample);
    return negative_ ? static_cast<std::uint8_t>(255 - value) : value;
  }

  const Tiff& tiff_;
  const Source& source_;
  Level level_;
  Image image_;
  bool tiled_ = false;
  bool separate_ = false;
  bool negative_ = false;
  std::int64_t samples_ = 1;
  std::int64_t sample_bytes_ = 1;
  std::int64_t width_ = 0;   ///< of a strip or tile
  std::int64_t height_ = 0;  ///< of a strip or tile
  Array<std::uint8_t, 1> block_;
};

/// Everything else by libtiff's own conversion: palettes, inks, luma and chroma, Lab, fewer than eight bits.
Array<std::uint32_t, 2> read_converted(const Tiff& tiff, const Source& source, const ImageHeader& header) {
  std::array<char, 1024> reason{};
  if (TIFFRGBAImageOK(tiff.get(), reason.data()) == 0) throw_decode(concat("unsupported TIFF: ", reason.data()));
  TIFFRGBAImage conversion{};
  constexpr int kStopOnError = 1;
  if (TIFFRGBAImageBegin(&conversion, tiff.get(), kStopOnError, reason.data()) == 0) {
    throw_decode(concat("unsupported TIFF: ", reason.data()));
  }
  struct End {
    TIFFRGBAImage& conversion;
    ~End() { TIFFRGBAImageEnd(&conversion); }
  } const end{conversion};
  conversion.orientation = ORIENTATION_TOPLEFT;  // turned by orient(), as every format
  conversion.req_orientation = ORIENTATION_TOPLEFT;
  Array<std::uint32_t, 2> pixels({header.height_px, header.width_px});
  const bool read = TIFFRGBAImageGet(&conversion, pixels.data(), static_cast<std::uint32_t>(header.width_px),
                                     static_cast<std::uint32_t>(header.height_px)) != 0;
  if (!read) throw_tiff_error(source);
  return pixels;
}

StoredPixels stored_rgb(const Image& image) {
  return {
      .data = image.data(), .width_px = image.shape(1), .height_px = image.shape(0), .row_bytes = 3 * image.shape(1)};
}

void check_read(const Source& source) {
  if (!source.error.empty() || !source.warning.empty()) throw_tiff_error(source);
}

}  // namespace

Image decode_tiff(Bytes bytes, const ImageHeader& header) {
  static_assert(std::endian::native == std::endian::little, "libtiff packs red into the lowest byte");
  Source source{.bytes = bytes, .error = {}, .warning = {}};
  const auto budget = decode_bytes(header, {});
  const Tiff tiff = open_tiff(source, budget);
  const auto block_bytes = TIFFIsTiled(tiff.get()) != 0 ? TIFFTileSize64(tiff.get()) : TIFFStripSize64(tiff.get());
  if (field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH) != header.width_px ||
      field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH) != header.height_px ||
      block_bytes > static_cast<std::uint64_t>(budget)) {
    throw_decode("corrupt TIFF: contradictory sizes");
  }
  if (const Level level = plain_level(tiff)) {
    Image image = PlainReader(tiff, source, header, level).read();
    check_read(source);
    return header.orientation == 1 ? std::move(image) : orient(stored_rgb(image), header.orientation);
  }
  const auto pixels = read_converted(tiff, source, header);
  check_read(source);
  return orient({.data = pixels.data(),
                 .width_px = header.width_px,
                 .height_px = header.height_px,
                 .row_bytes = 4 * header.width_px,
                 .samples_per_pixel = 4},
                header.orientation);
}

}  // namespace simile
