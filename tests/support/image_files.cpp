// SPDX-License-Identifier: Apache-2.0
#include "support/image_files.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <opencv2/imgcodecs.hpp>
#include <turbojpeg.h>
#include <zlib.h>

namespace simile::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

void append_big(File& file, int bytes, std::uint64_t value) {
  file.resize(file.size() + static_cast<std::size_t>(bytes));
  put_big(file, file.size() - static_cast<std::size_t>(bytes), bytes, value);
}

void append_little(File& file, int bytes, std::uint64_t value) {
  file.resize(file.size() + static_cast<std::size_t>(bytes));
  put_little(file, file.size() - static_cast<std::size_t>(bytes), bytes, value);
}

// Byte by byte: g++ 12 wrongly warns of vector::insert (stringop-overflow) where it can see the sizes.
void append_text(File& file, std::string_view text) {
  for (const char byte : text) file.push_back(static_cast<std::uint8_t>(byte));
}

File compressed(std::span<const std::uint8_t> bytes, int window_bits) {
  z_stream stream{};
  require(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflateInit2");
  File out(deflateBound(&stream, bytes.size()) + 64);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

cv::Mat photo(int width, int height) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int texture = (x * 7 + y * 13 + x * y / 5) % 23;
      image.at<cv::Vec3b>(y, x) = {static_cast<std::uint8_t>(200 * x / width + texture),
                                   static_cast<std::uint8_t>(220 * y / height + texture),
                                   static_cast<std::uint8_t>(120 * (x + y) / (width + height) + 2 * texture)};
    }
  }
  return image;
}

cv::Mat colour_blocks(int columns, int rows) {
  constexpr int kSide = 16;
  cv::Mat image(rows * kSide, columns * kSide, CV_8UC3);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const auto block = cv::Rect(column * kSide, row * kSide, kSide, kSide);
      const int blue = 40 + 150 * column / columns;
      const int green = 60 + 160 * row / rows;
      const int red = 30 + 40 * ((row + column) % 3);
      image(block).setTo(cv::Scalar(blue, green, red));
    }
  }
  return image;
}

File encode(const std::string& extension, const cv::Mat& image, const std::vector<int>& parameters) {
  File file;
  require(cv::imencode(extension, image, file, parameters), "imencode");
  return file;
}

File encode_ycck_jpeg(const cv::Mat& inks) {
  require(inks.type() == CV_8UC4 && inks.isContinuous(), "four inks are needed");
  unsigned char* out = nullptr;
  unsigned long size = 0;
  auto* handle = tjInitCompress();
  const int failed = tjCompress2(handle, inks.data, inks.cols, 0, inks.rows, TJPF_CMYK, &out, &size, TJSAMP_444, 95, 0);
  File file;
  if (failed == 0) file.assign(out, out + size);
  tjFree(out);
  tjDestroy(handle);
  require(failed == 0, "tjCompress2");
  return file;
}

File tiff_with_orientation(int orientation, bool big_endian) {
  File tiff;
  const auto append = [&](int bytes, std::uint64_t value) {
    big_endian ? append_big(tiff, bytes, value) : append_little(tiff, bytes, value);
  };
  append_text(tiff, big_endian ? "MM" : "II");
  append(2, 42);
  append(4, 8);
  append(2, 2);
  for (const auto& [tag, value] : {std::pair{0x0100, 77}, std::pair{0x0112, orientation}}) {
    append(2, static_cast<std::uint64_t>(tag));
    append(2, 3);
    append(4, 1);
    append(2, static_cast<std::uint64_t>(value));
    append(2, 0);
  }
  append(4, 0);
  return tiff;
}

File jpeg_with_exif(File jpeg, const File& tiff) {
  File segment{0xff, 0xe1};
  append_big(segment, 2, tiff.size() + 8);
  append_text(segment, {"Exif\0\0", 6});
  segment.insert(segment.end(), tiff.begin(), tiff.end());
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  return jpeg;
}

File png_with_exif(File png, const File& tiff) { return png_with_chunk(std::move(png), "eXIf", tiff); }

File webp_with_exif(const File& webp, int width, int height, const File& tiff) {
  File file;
  append_text(file, "RIFF????WEBPVP8X");
  append_little(file, 4, 10);
  append_little(file, 4, 0x08);
  append_little(file, 3, static_cast<std::uint64_t>(width - 1));
  append_little(file, 3, static_cast<std::uint64_t>(height - 1));
  file.insert(file.end(), webp.begin() + 12, webp.end());
  append_text(file, "EXIF");
  append_little(file, 4, tiff.size());
  file.insert(file.end(), tiff.begin(), tiff.end());
  if (tiff.size() % 2 == 1) file.push_back(0);
  put_little(file, 4, 4, file.size() - 8);
  return file;
}

File png_chunk(std::string_view type, std::span<const std::uint8_t> data) {
  File chunk;
  append_big(chunk, 4, data.size());
  append_text(chunk, type);
  chunk.insert(chunk.end(), data.begin(), data.end());
  append_big(chunk, 4, crc32_z(0, chunk.data() + 4, chunk.size() - 4));
  return chunk;
}

File png_with_chunk(File png, std::string_view type, std::span<const std::uint8_t> data) {
  constexpr int kAfterHeader = 8 + 25;
  const auto chunk = png_chunk(type, data);
  png.insert(png.begin() + kAfterHeader, chunk.begin(), chunk.end());
  return png;
}

File make_png(std::uint32_t width, std::uint32_t height, int bits, int colour_type, const File& rows,
              const File& palette) {
  File header;
  append_big(header, 4, width);
  append_big(header, 4, height);
  header.push_back(static_cast<std::uint8_t>(bits));
  header.push_back(static_cast<std::uint8_t>(colour_type));
  header.insert(header.end(), 3, 0);
  File file{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  file = file + png_chunk("IHDR", header);
  if (!palette.empty()) file = file + png_chunk("PLTE", palette);
  return file + png_chunk("IDAT", deflated(rows)) + png_chunk("IEND", {});
}

File deflated(std::span<const std::uint8_t> bytes) { return compressed(bytes, 15); }
File gzipped(std::span<const std::uint8_t> bytes) { return compressed(bytes, 15 + 16); }

std::size_t jpeg_frame_position(const File& jpeg) {
  std::size_t position = 2;
  while (jpeg.at(position + 1) < 0xc0 || jpeg.at(position + 1) > 0xc2) {
    position += 2 + (std::size_t{jpeg.at(position + 2)} << 8 | jpeg.at(position + 3));
  }
  return position;
}

std::vector<std::size_t> jpeg_scan_positions(const File& jpeg) {
  std::vector<std::size_t> positions;
  for (std::size_t k = 0; k + 1 < jpeg.size(); ++k) {
    if (jpeg[k] == 0xff && jpeg[k + 1] == 0xda) positions.push_back(k);
  }
  return positions;
}

File operator+(File left, const File& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

void put_big(File& file, std::size_t position, int bytes, std::uint64_t value) {
  for (int k = 0; k < bytes; ++k) file.at(position + k) = static_cast<std::uint8_t>(value >> 8 * (bytes - 1 - k));
}

void put_little(File& file, std::size_t position, int bytes, std::uint64_t value) {
  for (int k = 0; k < bytes; ++k) file.at(position + k) = static_cast<std::uint8_t>(value >> 8 * k);
}

}  // namespace simile::test
