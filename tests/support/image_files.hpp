// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

#include "support/temporary_folder.hpp"

namespace simile::test {

using File = std::vector<std::uint8_t>;

/// A smooth BGR picture with texture and no symmetry, the same for the same size.
cv::Mat photo(int width, int height);
/// A BGR picture of 16x16 blocks, each of one colour, all different: survives JPEG well enough to tell orientations.
cv::Mat colour_blocks(int columns, int rows);

/// OpenCV's encoder of the extension (".jpg", ".png", ".webp", ".bmp").
File encode(const std::string& extension, const cv::Mat& image, const std::vector<int>& parameters = {});
/// A JPEG of CMYK samples [height, width, 4] as Adobe stores them (255 = no ink), in the YCCK colour space.
File encode_ycck_jpeg(const cv::Mat& inks);

/// A TIFF structure that holds an orientation, as EXIF embeds it.
File tiff_with_orientation(int orientation, bool big_endian);
File jpeg_with_exif(File jpeg, const File& tiff);
File png_with_exif(File png, const File& tiff);
/// The extended form, made from a simple WebP of the given size.
File webp_with_exif(const File& webp, int width, int height, const File& tiff);

File png_chunk(std::string_view type, std::span<const std::uint8_t> data);
/// Puts a chunk after the image header.
File png_with_chunk(File png, std::string_view type, std::span<const std::uint8_t> data);
/// A PNG of filtered rows as given; `palette` (RGB) only for colour type 3.
File make_png(std::uint32_t width, std::uint32_t height, int bits, int colour_type, const File& rows,
              const File& palette = {});
File deflated(std::span<const std::uint8_t> bytes);
File gzipped(std::span<const std::uint8_t> bytes);

/// Position of the first byte of a JPEG's frame header (the marker's 0xff).
std::size_t jpeg_frame_position(const File& jpeg);
/// Positions of the scans' markers.
std::vector<std::size_t> jpeg_scan_positions(const File& jpeg);

File operator+(File left, const File& right);
void put_big(File& file, std::size_t position, int bytes, std::uint64_t value);
void put_little(File& file, std::size_t position, int bytes, std::uint64_t value);

}  // namespace simile::test
