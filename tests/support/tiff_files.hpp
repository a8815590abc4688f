// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <tiffio.h>

#include "support/image_files.hpp"

namespace simile::test {

/// How libtiff is told to write a page.
struct TiffLayout {
  int bits = 8;
  int samples = 3;
  int photometric = PHOTOMETRIC_RGB;
  int kind = SAMPLEFORMAT_UINT;
  int compression = COMPRESSION_NONE;
  int orientation = ORIENTATION_TOPLEFT;
  int extra_sample = -1;  ///< EXTRASAMPLE_..., for one sample behind the colours
  bool separate = false;  ///< a plane a sample
  int tile = 0;           ///< side of its tiles, a multiple of 16; 0: strips
  int rows_per_strip = 8;
  bool big_endian = false;
  bool big = false;                      ///< BigTIFF
  int pages = 1;                         ///< the others are 1x1, black
  std::vector<std::uint16_t> palette{};  ///< reds, greens, blues
};

/// A TIFF of samples [height, width, samples], packed to bytes a row, in the machine's byte order.
File write_tiff(const void* samples, int width, int height, const TiffLayout& layout);

/// The same of a BGR, BGRA or grey picture of 8, 16 or 32 bits.
File write_tiff(const cv::Mat& picture, TiffLayout layout = {});

/// Position of the value of the first directory's entry (classic, little-endian); 0 where there is none.
std::size_t tiff_value_position(const File& tiff, int tag);

}  // namespace simile::test
