// SPDX-License-Identifier: Apache-2.0
// Threads of a block: indices, barriers, shared memory, exits, deadlocks, atomics of many blocks.
#include <algorithm>
#include <set>
#include <utility>

#include <cuda_runtime.h>
#include <gmock/gmock.h>

#include "cuda_emulator.hpp"
#include "support/cuda_emulator/device_array.hpp"

namespace simile::emulator {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

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
  __shared__ unsigned partial[256];  // unsigned: sums of garbage may overflow
  partial[threadIdx.x] = static_cast<unsigned>(values[blockIdx.x * 256 + threadIdx.x]);
  if (kWithBarriers) __syncthreads();
#pragma unroll
  for (unsigned width = 128; width > 0; width /= 2) {
    if (threadIdx.x < width) partial[threadIdx.x] += partial[threadIdx.x + width];
    if (kWithBarriers) __syncthreads();
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = static_cast<int>(partial[0]);
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

template <class T>
__global__ void read_fresh_shared(T* found) {
  __shared__ T fresh[64];
  found[blockIdx.x * 64 + threadIdx.x] = fresh[threadIdx.x];
  fresh[threadIdx.x] = 1;
}
__device__ unsigned* plain_shared() {
  __shared__ unsigned fresh[64];
  return fresh;
}
__global__ void read_fresh_shared_of_a_function(unsigned* found) {
  found[blockIdx.x * 64 + threadIdx.x] = plain_shared()[threadIdx.x];
  plain_shared()[threadIdx.x] = 1;
}

TEST(EmulatedBlock, SharedMemoryStartsAsGarbage) {
  const DeviceArray<unsigned> found(64 * 10);
  run(10, 64, read_fresh_shared<unsigned>, found.data());
  EXPECT_THAT(found.values(), Each(0xA5A5A5A5u));
  run(10, 64, read_fresh_shared_of_a_function, found.data());
  EXPECT_THAT(found.values(), Each(0xA5A5A5A5u));
}

__global__ void exit_in_turn(int* rounds_seen, int rounds) {
  int seen = 0;
  for (int round = 0; round < rounds; ++round) {
    if (static_cast<int>(threadIdx.x) % rounds == round) break;
    const int votes = __syncthreads_count(1);
    seen += votes > 0 ? 1 : 0;
  }
  rounds_seen[threadIdx.x] = seen;
}

TEST(EmulatedBlock, ThreadsThatEndedAreNotWaitedFor) {
  const DeviceArray<int> seen(100);
  run(1, 100, exit_in_turn, seen.data(), 7);
  const std::vector<int> values = seen.values();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i % 7);
}

__global__ void vote(int* results) {
  const int in_first_half = threadIdx.x < blockDim.x / 2 ? 1 : 0;
  const int count = __syncthreads_count(in_first_half);
  const int any = __syncthreads_or(threadIdx.x == 5);
  const int none = __syncthreads_or(0);
  const int all = __syncthreads_and(7);
  const int not_all = __syncthreads_and(threadIdx.x != 9);
  results[threadIdx.x] = count + 1000 * (any != 0) + 2000 * (none != 0) + 4000 * (all != 0) + 8000 * (not_all != 0);
}

TEST(EmulatedBlock, BarriersCountVotes) {
  const DeviceArray<int> results(90);
  run(1, 90, vote, results.data());
  EXPECT_THAT(results.values(), Each(45 + 1000 + 4000));
}

__global__ void add_to_all(int* integer, unsigned* bits, unsigned long long* large, float* real, double* wide,
                           int* least, unsigned* most, int* claimed, int* winners) {
  atomicAdd(integer, 1);
  atomicOr(bits, 1u << (threadIdx.x % 32));
  atomicAdd(large, 1ull << 33);
  atomicAdd(real, 0.5f);
  atomicAdd(wide, 0.25);
  const int place = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  atomicMin(least, -place);
  atomicMax(most, static_cast<unsigned>(place));
  if (atomicCAS(claimed, 0, place + 1) == 0) atomicAdd(winners, 1);
}

TEST(EmulatedBlock, AtomicsOfManyBlocksLoseNothing) {
  const DeviceArray<int> integers({0, 0, 0, 0});
  const DeviceArray<unsigned> naturals({0, 0});
  const DeviceArray<unsigned long long> large(std::vector<unsigned long long>{0});
  const DeviceArray<float> real(std::vector<float>{0});
  const DeviceArray<double> wide(std::vector<double>{0});
  int* const i = integers.data();
  run(200, 128, add_to_all, i, naturals.data(), large.data(), real.data(), wide.data(), i + 1, naturals.data() + 1,
      i + 2, i + 3);
  const std::vector<int> found = integers.values();
  EXPECT_EQ(found[0], 25600);
  EXPECT_EQ(found[1], -25599);
  EXPECT_GE(found[2], 1);
  EXPECT_EQ(found[3], 1);
  EXPECT_THAT(naturals.values(), ElementsAre(~0u, 25599u));
  EXPECT_EQ(large.values()[0], 25600ull << 33);
  EXPECT_EQ(real.values()[0], 12800.0f);
  EXPECT_EQ(wide.values()[0], 6400.0);
}

__global__ void add_in_two_steps(int* sum) {
  const int before = __ldcg(sum);
  __stcg(sum, before + 1);
}

TEST(EmulatedBlock, UpdatesInTwoStepsAreLost) {
  const DeviceArray<int> sum(std::vector<int>{0});
  run(50, 128, add_in_two_steps, sum.data());
  EXPECT_LT(sum.values()[0], 50 * 128);
}

__global__ void take_order(int* next, int* order) { order[atomicAdd(next, 1)] = static_cast<int>(threadIdx.x); }

std::vector<int> order_of_threads(std::uint64_t seed) {
  set_seed(seed);
  const DeviceArray<int> next(std::vector<int>{0});
  const DeviceArray<int> order(64);
  run(1, 64, take_order, next.data(), order.data());
  return order.values();
}

TEST(EmulatedBlock, TheSeedDrawsTheOrderOfThreads) {
  const std::uint64_t before = seed();
  std::set<std::vector<int>> orders;
  for (std::uint64_t s = 0; s < 5; ++s) orders.insert(order_of_threads(s));
  set_seed(before);
  EXPECT_EQ(orders.size(), 5u);
}

__global__ void add_parameters(int a, float3 b, int* sum) {
  a += static_cast<int>(b.x + b.y + b.z);  // each thread has parameters of its own
  atomicAdd(sum, a);
}

TEST(EmulatedBlock, ParametersAreTakenAtTheLaunchAndConverted) {
  const DeviceArray<int> sum(std::vector<int>{0});
  short a = 1;
  float3 b{1, 2, 3};
  queue(2, 32, add_parameters, a, b, sum.data());
  a = 100;
  b = {};
  EXPECT_EQ(sum.values()[0], 64 * 7);
}

}  // namespace
}  // namespace simile::emulator
