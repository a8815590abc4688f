// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cuda/similarity/residence.hpp"

#include "simile/core/view.hpp"

namespace simile::cuda {

/// Grey images of one block as kernels take them.
struct GreyRows {
  const std::uint8_t* images;
  std::int64_t begin;
  int height;
  int width;

  __device__ const std::uint8_t* image(std::int64_t item) const {
    return images + (item - begin) * height * static_cast<std::int64_t>(width);
  }
};

struct GreyBlock {
  using Source = View<const std::uint8_t, 3>;

  void load(Gpu& gpu, const Source& source, const Range& items) {
    const std::int64_t pixels = source.shape[1] * source.shape[2];
    if (images.size() < items.size() * pixels) {
      images = DeviceBuffer<std::uint8_t>(items.size() * pixels, gpu.uploader().stream());
    }
    gpu.uploader().copy(images.data(), source.data + items.begin * pixels, items.size() * pixels);
    rows = {images.data(), items.begin, static_cast<int>(source.shape[1]), static_cast<int>(source.shape[2])};
  }
  void prepare(Gpu& /*gpu*/, const Range& /*items*/) {}

  DeviceBuffer<std::uint8_t> images;
  GreyRows rows{};
};

}  // namespace simile::cuda
