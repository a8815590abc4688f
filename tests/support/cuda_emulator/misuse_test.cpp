// SPDX-License-Identifier: Apache-2.0
// What the emulator ends the process for, with which words.
#include <cuda_runtime.h>

#include "support/cuda_emulator/device_array.hpp"

namespace simile::emulator {
namespace {

/// Kernels run on threads that a forked process does not have: death tests start anew.
class EmulatedMisuse : public ::testing::Test {
 protected:
  EmulatedMisuse() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

__global__ void half_at_the_barrier(int* flag) {
  if (threadIdx.x < 40) {
    __syncthreads();
  } else {
    while (__shfl_sync(0xffffffffu, 1, 0) != 0 && *flag == 0) __syncwarp();
  }
}

TEST_F(EmulatedMisuse, DeadlocksNameThePlacesAndThreads) {
  const DeviceArray<int> flag(std::vector<int>{1});
  EXPECT_DEATH(run(1, 64, half_at_the_barrier, flag.data()),
               "deadlock: 0 of 64 threads ended.*a collective of the warp.*misuse_test.*half_at_the_barrier.*the "
               "block's barrier.*\\(0, 0, 0\\) \\(1, 0, 0\\).*block \\(0, 0, 0\\) of launch .*seed");
}

__global__ void two_barriers() {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

TEST_F(EmulatedMisuse, DifferentBarriersDoNotMeet) {
  EXPECT_DEATH(run(1, 64, two_barriers), "wait at different barriers: .*misuse_test.*two_barriers");
}

__global__ void read_lane(unsigned mask, int source, unsigned callers) {
  if ((callers >> threadIdx.x & 1u) != 0) __shfl_sync(mask, 1, source);
}

TEST_F(EmulatedMisuse, ReadingALaneThatTakesNoPart) {
  EXPECT_DEATH(run(1, 32, read_lane, 0x0000ffffu, 20, 0x0000ffffu), "lane .* reads lane 20 .*mask 0xffff,");
  // A lane that ended, and one that does not exist.
  EXPECT_DEATH(run(1, 32, read_lane, 0xffffffffu, 20, 0x0000ffffu), "reads lane 20 .*only lanes 0xffff take part");
  EXPECT_DEATH(run(1, 20, read_lane, 0xffffffffu, 20, 0xffffffffu), "reads lane 20 .*only lanes 0xfffff take part");
}

TEST_F(EmulatedMisuse, MasksThatDoNotNameTheCaller) {
  EXPECT_DEATH(run(1, 32, read_lane, 0xfffffffeu, 3, 0xffffffffu), "lane 0 calls a shuffle with the mask 0xfffffffe");
}

__global__ void differing_masks() { __syncwarp(threadIdx.x == 0 ? 0x3u : 0xffffffffu); }

TEST_F(EmulatedMisuse, MasksThatDiffer) {
  EXPECT_DEATH(run(1, 32, differing_masks),
               "with the mask 0x3.*with the mask 0xffffffff|"
               "with the mask 0xffffffff.*with the mask 0x3");
}

__global__ void differing_operations() {
  if (threadIdx.x < 16) {
    __syncwarp();
  } else {
    __ballot_sync(0xffffffffu, 1);
  }
}

TEST_F(EmulatedMisuse, OperationsThatDiffer) {
  EXPECT_DEATH(run(1, 32, differing_operations), "__syncwarp with the mask.*a vote|a vote.*__syncwarp with the mask");
}

__global__ void odd_width() { __shfl_down_sync(0xffffffffu, 1, 1, 12); }
__global__ void nothing() {}

TEST_F(EmulatedMisuse, ShapesThatNoDeviceTakes) {
  EXPECT_DEATH(run(1, 32, odd_width), "a shuffle of width 12 at .*misuse_test");
  EXPECT_DEATH(run(1, dim3(1025), nothing), "1025 x 1 x 1 threads; allowed are 1024");
  EXPECT_DEATH(run(1, dim3(1, 1, 65), nothing), "1 x 1 x 65 threads");
  EXPECT_DEATH(run(1, 0, nothing), "empty blocks");
  EXPECT_DEATH(run(0, 32, nothing), "empty grid: 0 x 1 x 1");
  EXPECT_DEATH(run(dim3(1, 65536), 32, nothing), "allowed are 2147483647 x 65535 x 65535");
  cudaLaunchConfig_t config{};
  config.dynamicSmemBytes = 8;
  EXPECT_DEATH(cudaLaunchKernelEx(&config, nothing), "dynamic shared memory");
}

TEST_F(EmulatedMisuse, CollectivesOutsideOfKernels) { EXPECT_DEATH(__syncthreads(), "outside of a kernel"); }

__global__ void write_at(char* data, int place) { data[place] = 1; }

TEST_F(EmulatedMisuse, WritesBeyondAnAllocation) {
  const auto write = [](int place) {
    char* data = nullptr;
    cudaMalloc(&data, 100);
    run(1, 1, write_at, data, place);
    cudaFree(data);
  };
  EXPECT_DEATH(write(100), "1 bytes past the end of an allocation of 100 bytes|AddressSanitizer");
  EXPECT_DEATH(write(-4), "4 bytes before an allocation of 100 bytes|AddressSanitizer");
}

void call_the_api(void*) { cudaDeviceSynchronize(); }

TEST_F(EmulatedMisuse, WorkThatCallsTheApi) {
  EXPECT_DEATH(
      {
        cudaLaunchHostFunc(nullptr, call_the_api, nullptr);
        cudaDeviceSynchronize();
      },
      "work of a stream calls the CUDA API");
}

}  // namespace
}  // namespace simile::emulator
