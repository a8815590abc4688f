// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "cuda/core/gpu.hpp"

namespace simile::cuda {

/// Most blocks along y and z.
inline constexpr std::int64_t kMaxBlocksAcross = 65535;

inline std::int64_t blocks_for(std::int64_t work, std::int64_t each) { return (work + each - 1) / each; }

inline dim3 grid_of(std::int64_t x, std::int64_t y = 1, std::int64_t z = 1) {
  return {static_cast<unsigned>(x), static_cast<unsigned>(y), static_cast<unsigned>(z)};
}

/// A grid for striding over `work` items, of which a block takes `each` at a time: no more than keep the device busy.
inline dim3 striding_grid(const Gpu& gpu, std::int64_t work, std::int64_t each) {
  return grid_of(std::clamp<std::int64_t>(blocks_for(work, each), 1, gpu.busy_blocks()));
}

/// Queues the kernel; empty grids are nothing to do. Throws ErrorCode::cuda even where memory is what is missing, as
/// for a kernel's first use: what was queued before may have counted a tile's pairs, which must not be tried again.
template <class... Parameters, class... Arguments>
void launch(const Stream& stream, dim3 grid, dim3 block, void (*kernel)(Parameters...), Arguments... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream.get();
  check_launch(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...));
}

}  // namespace simile::cuda
