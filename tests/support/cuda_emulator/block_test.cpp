// SPDX-License-Identifier: Apache-2.0
// Threads of a block: indices, barriers, shared memory, exits, deadlocks, atomics of many blocks.
#include <algorithm>
#include <utility>

#include <cuda_runtime.h>
#include <gmock/gmock.h>

#include "cuda_emulator.hpp"
#include "support/cuda_emulator/device_array.hpp"

namespace simile::emulator {
namespace {

using ::testing::Each;

__global__ void write_places(uint3* places) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  places[block * blockDim.x * blockDim.y * blockDim.z + thread] = {block, threadIdx.x + 10 * threadIdx.y, threadIdx.z};
}

TEST(EmulatedBlock, EveryThreadOfEveryBlockRunsOnceWithItsIndices) {
  const dim3 grid(3, 2, 5);
  const dim3 block(7, 3, 2);
  const DeviceArray<uint3> places(30 * 42);
  run(grid, block, write_places, places.data());
  const std::vector<uint3> values = places.values();
  for (unsigned i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i].x, i / 42);
    EXPECT_EQ(values[i].y, i % 7 + 10 * (i / 7 % 3));
    EXPECT_EQ(values[i].z, i % 42 / 21);
  }
}

template <bool kWithBarriers>
__global__ void add_up(const int* values, int* sums) {
  __shared__ int partial[256];
  partial[threadIdx.x] = values[blockIdx.x * 256 + threadIdx.x];
  if (kWithBarriers) __syncthreads();
#pragma unroll
  for (unsigned width = 128; width > 0; width /= 2) {
    if (threadIdx.x < width) partial[threadIdx.x] += partial[threadIdx.x + width];
    if (kWithBarriers) __syncthreads();
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = partial[0];
}

/// 20 blocks of 256 values, and their sums.
std::pair<std::vector<int>, std::vector<int>> values_and_sums() {
  std::vector<int> values(256 * 20);
  std::vector<int> sums(20, 0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i / 256] += values[i] = static_cast<int>(i * i % 1013);
  return {values, sums};
}

TEST(EmulatedBlock, BarriersOrderWhatThreadsWriteAndRead) {
  const auto [numbers, expected] = values_and_sums();
  const DeviceArray<int> values(numbers);
  const DeviceArray<int> sums(20);
  run(20, 256, add_up<true>, values.data(), sums.data());
  EXPECT_EQ(sums.values(), expected);
}

TEST(EmulatedBlock, MissingBarriersShow) {
  const auto [numbers, expected] = values_and_sums();
  const DeviceArray<int> values(numbers);
  const DeviceArray<int> sums(20);
  run(20, 256, add_up<false>, values.data(), sums.data());
  const std::vector<int> wrong = sums.values();
  int differing = 0;
  for (std::size_t i = 0; i < 20; ++i) differing += wrong[i] != expected[i] ? 1 : 0;
  EXPECT_GE(differing, 19);
}

}  // namespace
}  // namespace simile::emulator
