// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/imgproc.hpp>

#include "support/image_files.hpp"

#include "simile/image/decode.hpp"

namespace simile::test {

/// An image as OpenCV holds it, for comparing.
inline cv::Mat bgr(const Image& image) {
  const cv::Mat rgb(static_cast<int>(image.shape(0)), static_cast<int>(image.shape(1)), CV_8UC3,
                    const_cast<std::uint8_t*>(image.data()));
  cv::Mat out;
  cv::cvtColor(rgb, out, cv::COLOR_RGB2BGR);
  return out;
}

inline double largest_difference(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() ? cv::norm(a, b, cv::NORM_INF) : 1000.0;
}

/// The upright picture of one that was stored in the given orientation, by OpenCV's own operations.
inline cv::Mat upright(const cv::Mat& stored, int orientation) {
  cv::Mat out = stored.clone();
  if (orientation >= 5) cv::transpose(stored, out);
  switch (orientation) {
    case 2:
    case 6:
      cv::flip(out, out, 1);
      break;
    case 3:
    case 7:
      cv::flip(out, out, -1);
      break;
    case 4:
    case 8:
      cv::flip(out, out, 0);
      break;
    default:
      break;
  }
  return out;
}

inline PixelSize decoded_size(const File& file, const DecodeOptions& options = {}) {
  const auto image = decode_image(file, options);
  return {image.shape(1), image.shape(0)};
}

}  // namespace simile::test
