// SPDX-License-Identifier: Apache-2.0
#include "simile/image/resize.hpp"

#include <limits>
#include <memory>

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <turbojpeg.h>

#include "image/area_resize.hpp"
#include "image/opencv.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

int to_int(std::int64_t value) {
  ensure(value >= 0 && value <= std::numeric_limits<int>::max(), "an image side is outside OpenCV's range");
  return static_cast<int>(value);
}

template <class T>
View<T, 3> with_channel_axis(const View<T, 2>& image) {
  View<T, 3> with_channel;
  with_channel.data = image.data;
  with_channel.shape = {image.shape[0], image.shape[1], 1};
  with_channel.stride = {image.stride[0], image.stride[1], 1};
  return with_channel;
}

void resize_into(View<const std::uint8_t, 3> from, View<std::uint8_t, 3> to) {
  const bool shrinks = to.shape[0] < from.shape[0] && to.shape[1] < from.shape[1];
  const bool whole = from.shape[0] % to.shape[0] == 0 && from.shape[1] % to.shape[1] == 0;
  // Means of whole pixels are integer sums and a fast path of OpenCV; the rest is ours: four times as fast, and the
  // same on every machine (OpenCV fuses where its compiler may).
  if (shrinks && !whole) return area_resize(from, to);
  const auto source = as_mat(from);
  auto target = as_mat(to);
  const auto* before = target.data;
  guarded([&] { cv::resize(source, target, target.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR); });
  ensure(target.data == before, "OpenCV resized into memory of its own");
}

void check_size(std::int64_t width, std::int64_t height, PixelSize size) {
  if (width < 1 || height < 1 || size.width_px < 1 || size.height_px < 1) {
    throw Error(ErrorCode::invalid_argument,
                concat("cannot resize ", width, " x ", height, " pixels to ", size.width_px, " x ", size.height_px));
  }
}

}  // namespace

void prepare_opencv() {
  static const bool prepared = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::setNumThreads(0);
    return true;
  }();
  static_cast<void>(prepared);
}

cv::Mat as_mat(View<const std::uint8_t, 3> image) {
  prepare_opencv();
  ensure(image.stride[2] == 1 && image.stride[1] == image.shape[2], "an image's rows must be contiguous");
  return {to_int(image.shape[0]), to_int(image.shape[1]), CV_8UC(to_int(image.shape[2])),
          const_cast<std::uint8_t*>(image.data), static_cast<std::size_t>(image.stride[0])};
}

cv::Mat as_mat(View<const std::uint8_t, 2> image) { return as_mat(with_channel_axis(image)); }

Array<std::uint8_t, 2> to_grey(View<const std::uint8_t, 3> rgb) {
  ensure(rgb.shape[2] == 3, "grey levels are taken of RGB images");
  Array<std::uint8_t, 2> grey({rgb.shape[0], rgb.shape[1]});
  auto target = as_mat(grey.view());
  guarded([&] { cv::cvtColor(as_mat(rgb), target, cv::COLOR_RGB2GRAY); });
  return grey;
}

Array<std::uint8_t, 3> resize(View<const std::uint8_t, 3> image, PixelSize size) {
  check_size(image.shape[1], image.shape[0], size);
  Array<std::uint8_t, 3> resized({size.height_px, size.width_px, image.shape[2]});
  resize_into(image, resized.view());
  return resized;
}

Array<std::uint8_t, 2> resize(View<const std::uint8_t, 2> image, PixelSize size) {
  check_size(image.shape[1], image.shape[0], size);
  Array<std::uint8_t, 2> resized({size.height_px, size.width_px});
  resize_into(with_channel_axis(image), with_channel_axis<std::uint8_t>(resized.view()));
  return resized;
}

std::vector<std::uint8_t> encode_jpeg(View<const std::uint8_t, 3> rgb, int quality) {
  if (quality < 1 || quality > 100) {
    throw Error(ErrorCode::invalid_argument, concat("JPEG quality is 1 to 100, not ", quality));
  }
  ensure(rgb.shape[2] == 3 && rgb.stride[2] == 1 && rgb.stride[1] == 3, "a JPEG is made of RGB rows");
  struct Destroy {
    void operator()(void* handle) const { tjDestroy(handle); }
  };
  const std::unique_ptr<void, Destroy> compressor(tjInitCompress());
  if (!compressor) throw Error(ErrorCode::out_of_memory, "cannot start the JPEG encoder");
  const int width = to_int(rgb.shape[1]);
  const int height = to_int(rgb.shape[0]);
  unsigned long size = tjBufSize(width, height, TJSAMP_420);
  std::vector<std::uint8_t> jpeg(size);
  auto* out = jpeg.data();
  if (tjCompress2(compressor.get(), rgb.data, width, to_int(rgb.stride[0]), height, TJPF_RGB, &out, &size, TJSAMP_420,
                  quality, TJFLAG_NOREALLOC) != 0) {
    throw Error(ErrorCode::invalid_argument, concat("cannot write a JPEG: ", tjGetErrorStr2(compressor.get())));
  }
  jpeg.resize(size);
  return jpeg;
}

}  // namespace simile
