// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/memory_plan.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "cuda/similarity/screen.hpp"

namespace simile::cuda {
namespace {

Cost cost_of(std::int64_t preferred_edge, std::int64_t bytes_per_pair) {
  Cost cost;
  cost.preferred_edge = preferred_edge;
  cost.bytes_per_pair = bytes_per_pair;
  cost.bytes_per_row = 8;
  cost.fixed_bytes = 100;
  return cost;
}

/// Bytes that a plan takes at most.
std::int64_t taken(const Pairs& pairs, const Cost& cost, std::int64_t bytes_per_item, std::int64_t fixed,
                   const MemoryPlan& plan) {
  const std::int64_t all = pairs.one_set() ? pairs.num_left() : pairs.num_left() + pairs.num_right();
  const std::int64_t items = plan.all_resident ? all : kHeldBlocks * plan.block_edge;
  return fixed + kSlots * slot_bytes(cost, plan.tile_edge) + items * bytes_per_item;
}

TEST(MemoryPlan, HoldsEverythingWhereThereIsRoom) {
  const auto plan = plan_memory(Pairs::triangle(1000), cost_of(256, 4), 2048, 0, 1LL << 30);
  EXPECT_TRUE(plan.all_resident);
  EXPECT_EQ(plan.tile_edge, 256);
  EXPECT_EQ(plan.block_edge, 1000);
}

TEST(MemoryPlan, MakesTilesNoLargerThanWhatThereIs) {
  EXPECT_EQ(plan_memory(Pairs::triangle(100), cost_of(8192, 4), 10, 0, 1LL << 40).tile_edge, 128);
  EXPECT_EQ(plan_memory(Pairs::triangle(1), cost_of(8192, 4), 10, 0, 1LL << 40).tile_edge, 1);
  EXPECT_EQ(plan_memory(Pairs::rectangle(3, 65), cost_of(8192, 4), 10, 0, 1LL << 40).tile_edge, 128);
}

TEST(MemoryPlan, MakesTilesOfCostlyPairsSmallerButKeepsAGpuBusy) {
  EXPECT_EQ(edge_within(2048, 512, 64 * 64), 2048);
  EXPECT_EQ(edge_within(2048, 512, 512 * 512), 1024);
  EXPECT_LE(1024LL * 1024 * 512 * 512, kLaunchWork);
  EXPECT_EQ(edge_within(2048, 512, 1 << 30), 512);
  EXPECT_EQ(edge_within(512, 64, 1), 512);
}

TEST(MemoryPlan, NeverTakesMoreThanTheBudget) {
  const std::vector<IndexPair> list(50);
  for (const auto& pairs : {Pairs::triangle(3000), Pairs::rectangle(40, 5000), Pairs::list(list, 300)}) {
    for (const std::int64_t bytes_per_item : {1, 100, 5000}) {
      for (std::int64_t budget = 1000; budget < 1LL << 26; budget += budget / 3) {
        const Cost cost = cost_of(512, 4);
        MemoryPlan plan;
        try {
          plan = plan_memory(pairs, cost, bytes_per_item, 50, budget);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
          continue;
        }
        EXPECT_LE(taken(pairs, cost, bytes_per_item, 50, plan), budget);
        EXPECT_GE(plan.tile_edge, 1);
        if (pairs.shape() == Pairs::Shape::list) {
          EXPECT_TRUE(plan.all_resident);
        }
        if (!plan.all_resident) {
          EXPECT_EQ(plan.block_edge % plan.tile_edge, 0);
          EXPECT_GE(plan.block_edge, 8 * plan.tile_edge);  // a band of the tile plan
        }
      }
    }
  }
}

TEST(MemoryPlan, MakesTilesOfFewRowsWide) {
  const Cost cost = cost_of(512, 4);
  EXPECT_EQ(widest(cost, 512, 512), 512);
  for (const std::int64_t rows : {1, 7, 100, 511}) {
    const std::int64_t cols = widest(cost, rows, 512);
    EXPECT_GE(cols, 512);
    EXPECT_LE(slot_bytes(cost, rows, cols), slot_bytes(cost, 512));
    EXPECT_GT(slot_bytes(cost, rows, cols + 1), slot_bytes(cost, 512));
  }
  EXPECT_GT(widest(cost, 1, 512), 100'000);
}

TEST(MemoryPlan, SaysWhatItNeedsAndThatIsEnough) {
  const Cost cost = cost_of(512, 4);
  for (const std::int64_t budget : {0, 500, 2000}) {
    expect_error(ErrorCode::out_of_memory, "raise --gpu-memory",
                 [&] { plan_memory(Pairs::triangle(3000), cost, 1000, 0, budget); });
  }
  const std::int64_t least = kSlots * slot_bytes(cost, 1) + 32 * 1000;
  EXPECT_EQ(plan_memory(Pairs::triangle(3000), cost, 1000, 0, least).tile_edge, 1);
  expect_error(ErrorCode::out_of_memory, "needs at least",
               [&] { plan_memory(Pairs::triangle(3000), cost, 1000, 0, least - 1); });
}

}  // namespace
}  // namespace simile::cuda
