// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/image_files.hpp"

namespace simile::test {

/// A frame of a GIF: indices [height, width] at a place of the screen.
struct GifFrame {
  cv::Mat indices;  ///< CV_8UC1
  int left = 0;
  int top = 0;
  bool interlaced = false;
  int transparent = -1;
  std::vector<cv::Vec3b> palette{};  ///< RGB, 2, 4, ... 256 colours; empty: the file's
};
/// A GIF as giflib writes it; an empty palette: none for the file.
File write_gif(int width, int height, const std::vector<cv::Vec3b>& palette, const std::vector<GifFrame>& frames);
/// 64 colours from black to white by red, green and blue.
std::vector<cv::Vec3b> gif_colours();
/// Indices into 64 colours, with texture.
cv::Mat gif_indices(int width, int height);

/// What libheif encodes: HEIC by x265 or AVIF by aom. `orientation`: EXIF 1..8, written as rotation and mirroring.
struct HeifLayout {
  bool avif = false;
  int quality = 90;
  bool lossless = false;
  int orientation = 1;
};
/// Whether libheif is built in and has the encoder.
bool can_write_heif(bool avif);
/// Of a BGR or BGRA picture.
File write_heif(const cv::Mat& picture, const HeifLayout& layout = {});

/// A file of any format that simile reads, by extension.
File encode_any(const std::string& extension, const cv::Mat& picture);

}  // namespace simile::test
