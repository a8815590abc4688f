// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <opencv2/imgcodecs.hpp>

#include "image/formats.hpp"
#include "image/opencv.hpp"

#include "simile/core/text.hpp"

namespace simile {

Image decode_with_opencv(Bytes bytes, const ImageHeader& header) {
  prepare_opencv();
  Array<std::uint8_t, 1> png;
  if (header.format == ImageFormat::png) {
    png = complete_png_without_ancillary_chunks(bytes);
    bytes = {png.data(), static_cast<std::size_t>(png.size())};
  } else if (header.format == ImageFormat::webp) {
    check_webp_complete(bytes);
  } else {
    check_bmp_complete(bytes);
  }
  if (bytes.size() > std::numeric_limits<int>::max()) {
    throw_decode(concat(to_string(header.format), " files beyond 2 GiB are not supported"));
  }

  cv::Mat decoded;
  try {
    // imdecode only reads from the buffer, though its type does not say so.
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<std::uint8_t*>(bytes.data()));
    decoded = cv::imdecode(buffer, cv::IMREAD_COLOR | cv::IMREAD_ANYDEPTH | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    throw_decode(concat("corrupt ", to_string(header.format), ": ", error.err));
  }
  if (decoded.empty()) throw_decode(concat("corrupt or unsupported ", to_string(header.format)));
  if (decoded.cols != header.width_px || decoded.rows != header.height_px) {
    throw_decode(concat("corrupt ", to_string(header.format), ": contradictory sizes"));
  }
  ensure(decoded.type() == CV_8UC3 || decoded.type() == CV_16UC3, "OpenCV decoded to another type than was asked for");
  return orient({.data = decoded.data,
                 .width_px = decoded.cols,
                 .height_px = decoded.rows,
                 .row_bytes = static_cast<std::int64_t>(decoded.step),
                 .bytes_per_sample = static_cast<int>(decoded.elemSize1()),
                 .blue_first = true},
                header.orientation);
}

}  // namespace simile
