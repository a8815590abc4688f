// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

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

}  // namespace simile::cuda
