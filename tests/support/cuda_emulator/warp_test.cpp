// SPDX-License-Identifier: Apache-2.0
// Collectives of a warp.
#include <algorithm>
#include <vector>

#include <cuda_runtime.h>
#include <gmock/gmock.h>

#include "support/cuda_emulator/device_array.hpp"

namespace simile::emulator {
namespace {

using ::testing::Each;

constexpr unsigned kAll = 0xffffffffu;

template <class T>
__global__ void shuffle_all_ways(T* results, int width) {
  const int lane = static_cast<int>(threadIdx.x);
  const T value = static_cast<T>(lane + 1) * static_cast<T>(3);
  results[lane] = __shfl_sync(kAll, value, lane * 7 + 3, width);
  results[32 + lane] = __shfl_up_sync(kAll, value, 3, width);
  results[64 + lane] = __shfl_down_sync(kAll, value, 5, width);
  results[96 + lane] = __shfl_xor_sync(kAll, value, 6, width);
}

template <class T>
class EmulatedShuffle : public ::testing::Test {};
using ShuffledTypes = ::testing::Types<int, unsigned, long long, unsigned long long, float, double>;
TYPED_TEST_SUITE(EmulatedShuffle, ShuffledTypes);

TYPED_TEST(EmulatedShuffle, LanesReadWhereTheManualSays) {
  for (const int width : {32, 16, 8, 2, 1}) {
    const DeviceArray<TypeParam> results(128);
    run(1, 32, shuffle_all_ways<TypeParam>, results.data(), width);
    const std::vector<TypeParam> found = results.values();
    for (int lane = 0; lane < 32; ++lane) {
      const auto expect = [&](int place, int source, const char* what) {
        EXPECT_EQ(found[static_cast<std::size_t>(place + lane)], static_cast<TypeParam>((source + 1) * 3))
            << what << ", lane " << lane << ", width " << width;
      };
      const int first = lane / width * width;
      expect(0, first + (lane * 7 + 3) % width, "shfl");
      expect(32, lane - 3 >= first ? lane - 3 : lane, "up");
      expect(64, lane + 5 < first + width ? lane + 5 : lane, "down");
      expect(96, (lane ^ 6) < first + width ? lane ^ 6 : lane, "xor");
    }
  }
}

__global__ void vote_and_reduce(int* results) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  int* mine = results + threadIdx.x * 12;
  mine[0] = static_cast<int>(__ballot_sync(kAll, lane % 3 == warp));
  mine[1] = __any_sync(kAll, lane == 31);
  mine[2] = __all_sync(kAll, lane != 31);
  mine[3] = __reduce_add_sync(kAll, lane - 10);
  mine[4] = __reduce_min_sync(kAll, lane - 10);
  mine[5] = __reduce_max_sync(kAll, lane - 40);
  mine[6] = static_cast<int>(__reduce_max_sync(kAll, static_cast<unsigned>(lane - 1)));
  mine[7] = static_cast<int>(__reduce_or_sync(kAll, 1u << (lane / 2)));
  mine[8] = static_cast<int>(__reduce_and_sync(kAll, ~(1u << (lane / 2))));
  mine[9] = __all_sync(kAll, 1);
  mine[10] = __any_sync(kAll, 0);
  mine[11] = static_cast<int>(__match_any_sync(kAll, lane % 4));
}

TEST(EmulatedWarp, VotesAndReductions) {
  const DeviceArray<int> results(64 * 12);
  run(1, 64, vote_and_reduce, results.data());
  const std::vector<int> found = results.values();
  for (std::size_t thread = 0; thread < 64; ++thread) {
    unsigned ballot = 0;
    for (unsigned lane = 0; lane < 32; ++lane) ballot |= (lane % 3 == thread / 32 ? 1u : 0u) << lane;
    const std::vector<int> expected{static_cast<int>(ballot),
                                    1,
                                    0,
                                    176,
                                    -10,
                                    -9,
                                    -1,
                                    0xffff,
                                    ~0xffff,
                                    1,
                                    0,
                                    static_cast<int>(0x11111111u << thread % 4)};
    EXPECT_EQ(std::vector<int>(found.begin() + static_cast<std::ptrdiff_t>(thread * 12),
                               found.begin() + static_cast<std::ptrdiff_t>(thread * 12 + 12)),
              expected);
  }
}

/// Halves of a warp go different ways, as often as they like.
__global__ void sums_of_parts(int* sums) {
  const unsigned lane = threadIdx.x % 32;
  const unsigned mask = lane < 8 ? 0x000000ffu : (lane % 2 == 0 ? 0x55555500u : 0xaaaaaa00u);
  int sum = 0;
  for (unsigned round = 0; round < (lane < 8 ? 5u : 1u + lane % 2); ++round) {
    sum = __reduce_add_sync(mask, static_cast<int>(lane));
  }
  sums[threadIdx.x] = sum;
}

TEST(EmulatedWarp, DisjointMasksDoNotWaitForEachOther) {
  const DeviceArray<int> sums(96);
  run(1, 96, sums_of_parts, sums.data());
  const std::vector<int> found = sums.values();
  for (std::size_t i = 0; i < 96; ++i) {
    EXPECT_EQ(found[i], i % 32 < 8 ? 28 : (i % 2 == 0 ? 12 * 19 : 12 * 20)) << i;
  }
}

__global__ void ballot_after_exits(unsigned* ballots) {
  if (threadIdx.x % 4 == 1) return;
  ballots[threadIdx.x] = __ballot_sync(kAll, 1);
}

TEST(EmulatedWarp, LanesThatEndedOrDoNotExistAreNotWaitedFor) {
  const DeviceArray<unsigned> ballots(std::vector<unsigned>(50, 0));
  run(1, 50, ballot_after_exits, ballots.data());
  const std::vector<unsigned> found = ballots.values();
  for (std::size_t i = 0; i < 50; ++i) {
    const unsigned full = i < 32 ? 0xddddddddu : 0xddddddddu & 0x3ffffu;
    EXPECT_EQ(found[i], i % 4 == 1 ? 0u : full) << i;
  }
}

__global__ void pass_on(int* results, bool with_barrier) {
  __shared__ int box[32];
  box[threadIdx.x] = static_cast<int>(threadIdx.x);
  if (with_barrier) __syncwarp();
  results[threadIdx.x] = box[31 - threadIdx.x];
}

TEST(EmulatedWarp, LanesAreNotInStepWithoutABarrier) {
  const DeviceArray<int> results(32);
  std::vector<int> reversed(32);
  for (std::size_t i = 0; i < 32; ++i) reversed[i] = static_cast<int>(31 - i);
  run(1, 32, pass_on, results.data(), true);
  EXPECT_EQ(results.values(), reversed);
  run(1, 32, pass_on, results.data(), false);
  EXPECT_NE(results.values(), reversed);
}

}  // namespace
}  // namespace simile::emulator
