// SPDX-License-Identifier: Apache-2.0
#include "support/tiff_files.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

#include <opencv2/imgproc.hpp>

namespace simile::test {
namespace {

struct Target {
  File file;
  toff_t position = 0;
};

Target& target_of(thandle_t handle) { return *static_cast<Target*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* out, tmsize_t count) {
  auto& target = target_of(handle);
  if (target.position + static_cast<toff_t>(count) > target.file.size()) return 0;
  std::memcpy(out, target.file.data() + target.position, static_cast<std::size_t>(count));
  target.position += static_cast<toff_t>(count);
  return count;
}
tmsize_t write_bytes(thandle_t handle, void* bytes, tmsize_t count) {
  auto& target = target_of(handle);
  const auto end = target.position + static_cast<toff_t>(count);
  if (target.file.size() < end) target.file.resize(end);
  std::memcpy(target.file.data() + target.position, bytes, static_cast<std::size_t>(count));
  target.position = end;
  return count;
}
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& target = target_of(handle);
  const toff_t base = whence == SEEK_CUR ? target.position : whence == SEEK_END ? target.file.size() : 0;
  return target.position = base + offset;
}
int close_nothing(thandle_t) { return 0; }
toff_t size_of(thandle_t handle) { return target_of(handle).file.size(); }

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

void set_fields(TIFF* tiff, int width, int height, const TiffLayout& layout) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(height));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, layout.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, layout.samples);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, layout.photometric);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, layout.kind);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, layout.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, layout.orientation);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, layout.separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (layout.photometric == PHOTOMETRIC_YCBCR && layout.compression == COMPRESSION_JPEG) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  if (layout.photometric == PHOTOMETRIC_SEPARATED) TIFFSetField(tiff, TIFFTAG_INKSET, INKSET_CMYK);
  if (layout.extra_sample >= 0) {
    const auto extra = static_cast<std::uint16_t>(layout.extra_sample);
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &extra);
  }
  if (!layout.palette.empty()) {
    const auto* colours = layout.palette.data();
    const auto count = layout.palette.size() / 3;
    TIFFSetField(tiff, TIFFTAG_COLORMAP, colours, colours + count, colours + 2 * count);
  }
  if (layout.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, layout.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, layout.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, layout.rows_per_strip);
  }
}

/// Samples of one block, padded with zeros; of one plane where planes are separate.
File cut_block(const std::uint8_t* samples, int width, int height, int x, int y, int columns, int rows, int plane,
               const TiffLayout& layout) {
  const int in_bytes = layout.bits / 8 * layout.samples;
  const int out_bytes = layout.separate ? layout.bits / 8 : in_bytes;
  File block(static_cast<std::size_t>(columns) * rows * out_bytes, 0);
  for (int row = 0; row < rows && y + row < height; ++row) {
    for (int column = 0; column < columns && x + column < width; ++column) {
      const auto* in = samples + (static_cast<std::ptrdiff_t>(y + row) * width + x + column) * in_bytes;
      std::memcpy(block.data() + (static_cast<std::ptrdiff_t>(row) * columns + column) * out_bytes,
                  in + (layout.separate ? plane * out_bytes : 0), static_cast<std::size_t>(out_bytes));
    }
  }
  return block;
}

void write_blocks(TIFF* tiff, const std::uint8_t* samples, int width, int height, const TiffLayout& layout) {
  const int planes = layout.separate ? layout.samples : 1;
  const int columns = layout.tile > 0 ? layout.tile : width;
  for (int plane = 0; plane < planes; ++plane) {
    const auto sample = static_cast<std::uint16_t>(plane);
    for (int y = 0; y < height; y += layout.tile > 0 ? layout.tile : layout.rows_per_strip) {
      const int rows = layout.tile > 0 ? layout.tile : std::min(layout.rows_per_strip, height - y);
      for (int x = 0; x < width; x += columns) {
        auto block = cut_block(samples, width, height, x, y, columns, rows, plane, layout);
        const auto size = static_cast<tmsize_t>(block.size());
        const auto at_x = static_cast<std::uint32_t>(x);
        const auto at_y = static_cast<std::uint32_t>(y);
        const auto written =
            layout.tile > 0
                ? TIFFWriteEncodedTile(tiff, TIFFComputeTile(tiff, at_x, at_y, 0, sample), block.data(), size)
                : TIFFWriteEncodedStrip(tiff, TIFFComputeStrip(tiff, at_y, sample), block.data(), size);
        require(written >= 0, "TIFFWriteEncoded");
      }
    }
  }
}

/// Fewer than eight bits: rows are packed already.
void write_packed_rows(TIFF* tiff, const std::uint8_t* samples, int width, int height, const TiffLayout& layout) {
  const int row_bytes = (width * layout.bits * layout.samples + 7) / 8;
  for (int y = 0; y < height; ++y) {
    File row(samples + static_cast<std::ptrdiff_t>(y) * row_bytes,
             samples + static_cast<std::ptrdiff_t>(y + 1) * row_bytes);
    require(TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0) >= 0, "TIFFWriteScanline");
  }
}

}  // namespace

File write_tiff(const void* samples, int width, int height, const TiffLayout& layout) {
  Target target;
  const std::string mode = std::string("w") + (layout.big_endian ? "b" : "l") + (layout.big ? "8" : "4");
  TIFF* tiff = TIFFClientOpen("memory", mode.c_str(), &target, read_bytes, write_bytes, seek, close_nothing, size_of,
                              nullptr, nullptr);
  require(tiff != nullptr, "TIFFClientOpen");
  set_fields(tiff, width, height, layout);
  const auto* bytes = static_cast<const std::uint8_t*>(samples);
  if (layout.bits < 8) {
    write_packed_rows(tiff, bytes, width, height, layout);
  } else {
    write_blocks(tiff, bytes, width, height, layout);
  }
  for (int page = 1; page < layout.pages; ++page) {
    require(TIFFWriteDirectory(tiff) == 1, "TIFFWriteDirectory");
    const TiffLayout dot{.samples = 1, .photometric = PHOTOMETRIC_MINISBLACK};
    set_fields(tiff, 1, 1, dot);
    const std::uint8_t black = 0;
    write_blocks(tiff, &black, 1, 1, dot);
  }
  TIFFClose(tiff);
  return target.file;
}

File write_tiff(const cv::Mat& picture, TiffLayout layout) {
  layout.samples = picture.channels();
  layout.bits = static_cast<int>(picture.elemSize1()) * 8;
  if (picture.depth() == CV_32F || picture.depth() == CV_64F) layout.kind = SAMPLEFORMAT_IEEEFP;
  cv::Mat rgb = picture.clone();
  if (picture.channels() >= 3) {
    cv::cvtColor(picture, rgb, picture.channels() == 4 ? cv::COLOR_BGRA2RGBA : cv::COLOR_BGR2RGB);
  } else if (layout.photometric == PHOTOMETRIC_RGB) {
    layout.photometric = PHOTOMETRIC_MINISBLACK;
  }
  return write_tiff(rgb.data, picture.cols, picture.rows, layout);
}

std::size_t tiff_value_position(const File& tiff, int tag) {
  const auto number = [&](std::size_t at, int bytes) {
    std::size_t value = 0;
    for (int k = bytes - 1; k >= 0; --k) value = value << 8 | tiff.at(at + static_cast<std::size_t>(k));
    return value;
  };
  const auto directory = number(4, 4);
  for (std::size_t k = 0; k < number(directory, 2); ++k) {
    if (number(directory + 2 + 12 * k, 2) == static_cast<std::size_t>(tag)) return directory + 2 + 12 * k + 8;
  }
  return 0;
}

}  // namespace simile::test
