// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cuda/similarity/residence.hpp"
#include "cuda/similarity/ssim/gaussian_maps.cuh"
#include "cuda/similarity/ssim/ssim_pools.cuh"

#include "simile/core/view.hpp"
#include "simile/similarity/items.hpp"

namespace simile::cuda {

/// Grey images of one block, with their pools where there are any, or with the maps that Gaussian windows need.
struct GreyBlock {
  struct Source {
    View<const std::uint8_t, 3> images;
    GreyItems::Window window;
    PoolGrid grid{};  ///< on the device; of no pools where they do not pay
  };

  void load(Gpu& gpu, const Source& source, const Range& items) {
    const Stream& stream = gpu.uploader().stream();
    const std::int64_t pixels = source.images.shape[1] * source.images.shape[2];
    grid = source.grid;
    window = source.window;
    if (images.size() < items.size() * pixels) {
      images = {};
      sums = {};
      images = DeviceBuffer<std::uint8_t>(items.size() * pixels, stream);
      sums = DeviceBuffer<float>(items.size() * grid.stride(), stream);
      if (window == GreyItems::Window::gaussian) {
        gaussian.reserve(items.size(), source.images.shape[1], source.images.shape[2], stream);
      }
    }
    gpu.uploader().copy(images.data(), source.images.data + items.begin * pixels, items.size() * pixels);
    rows = {images.data(), items.begin, static_cast<int>(source.images.shape[1]),
            static_cast<int>(source.images.shape[2])};
  }
  void prepare(Gpu& gpu, const Range& items) {
    if (grid.groups > 0) make_pools(gpu, rows, items.size(), grid, sums.data());
    if (window == GreyItems::Window::gaussian) gaussian.measure(gpu, rows, items.size());
  }
  GaussianSide gaussian_side() const { return {rows, gaussian.maps()}; }
  PoolRows pools() const { return {sums.data(), rows.begin, grid.groups}; }

  DeviceBuffer<std::uint8_t> images;
  DeviceBuffer<float> sums;
  GaussianMapMemory gaussian;
  GreyRows rows{};
  PoolGrid grid{};
  GreyItems::Window window{};
};

}  // namespace simile::cuda
