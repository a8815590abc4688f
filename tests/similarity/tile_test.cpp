// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/tile.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/expect_error.hpp"

#include "simile/core/random.hpp"
#include "simile/similarity/compare.hpp"

namespace simile {
namespace {

/// How often each pair of a grid of num_left x num_right lies in a tile.
class Coverage {
 public:
  Coverage(std::int64_t num_left, std::int64_t num_right)
      : num_right_(num_right), times_(static_cast<std::size_t>(num_left * num_right)) {}

  void add(const Tile& tile) {
    std::int64_t pairs = 0;
    for (std::int64_t i = tile.rows.begin; i < tile.rows.end; ++i) {
      for (std::int64_t j = tile.cols.begin; j < tile.cols.end; ++j) {
        if (tile.upper && i >= j) continue;
        ++times_.at(static_cast<std::size_t>(i * num_right_ + j));
        ++pairs;
      }
    }
    ASSERT_EQ(tile.count(), pairs);
  }
  int times(std::int64_t i, std::int64_t j) const { return times_[static_cast<std::size_t>(i * num_right_ + j)]; }

 private:
  std::int64_t num_right_;
  std::vector<int> times_;
};

void add_in_parts(const Tile& tile, Coverage& coverage, std::int64_t& leaves) {
  const auto parts = split(tile);
  if (tile.count() <= 1) {
    ASSERT_EQ(parts.size(), 1U);
    coverage.add(tile);
    ++leaves;
    return;
  }
  std::int64_t total = 0;
  for (const auto& part : parts) {
    ASSERT_GT(part.count(), 0);
    ASSERT_LT(part.count(), tile.count());
    total += part.count();
    add_in_parts(part, coverage, leaves);
  }
  ASSERT_EQ(total, tile.count());
}

TEST(TilePlan, HoldsEachPairOfATriangleOnce) {
  for (std::int64_t n = 0; n <= 40; ++n) {
    for (std::int64_t edge = 1; edge <= 9; ++edge) {
      const TilePlan plan(Pairs::triangle(n), edge, 1);
      Coverage coverage(n, n);
      for (std::int64_t k = 0; k < plan.size(); ++k) {
        const Tile tile = plan[k];
        ASSERT_LE(tile.rows.size(), edge);
        ASSERT_LE(tile.cols.size(), edge);
        coverage.add(tile);
      }
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = 0; j < n; ++j) ASSERT_EQ(coverage.times(i, j), i < j) << n << ' ' << edge;
      }
    }
  }
}

TEST(TilePlan, HoldsEachPairOfARectangleOnce) {
  for (const std::int64_t left : {0, 1, 2, 7, 17, 40}) {
    for (const std::int64_t right : {0, 1, 3, 8, 23, 40}) {
      for (std::int64_t edge = 1; edge <= 9; ++edge) {
        const TilePlan plan(Pairs::rectangle(left, right), edge, 1);
        Coverage coverage(left, right);
        for (std::int64_t k = 0; k < plan.size(); ++k) coverage.add(plan[k]);
        for (std::int64_t i = 0; i < left; ++i) {
          for (std::int64_t j = 0; j < right; ++j) ASSERT_EQ(coverage.times(i, j), 1) << left << ' ' << right;
        }
      }
    }
  }
}

TEST(TilePlan, CutsAListIntoStretchesInOrder) {
  std::vector<IndexPair> list;
  for (std::int64_t count = 0; count <= 40; ++count) {
    for (std::int64_t length = 1; length <= 9; ++length) {
      const TilePlan plan(Pairs::list(list, 100), 3, length);
      std::vector<IndexPair> seen;
      for (std::int64_t k = 0; k < plan.size(); ++k) {
        const Tile tile = plan[k];
        ASSERT_LE(tile.count(), length);
        ASSERT_GT(tile.count(), 0);
        seen.insert(seen.end(), tile.list.begin(), tile.list.end());
      }
      ASSERT_EQ(seen, list);
    }
    list.push_back({count, 2 * count});
  }
}

// Each place a tile can have is found again among its neighbours' numbers, without walking the whole plan.
TEST(TilePlan, ReachesABillionItems) {
  constexpr std::int64_t kItems = 1'000'000'007;
  constexpr std::int64_t kEdge = 256;
  const std::int64_t blocks = (kItems + kEdge - 1) / kEdge;
  const TilePlan plan(Pairs::triangle(kItems), kEdge, 1);
  EXPECT_EQ(plan.size(), blocks * (blocks + 1) / 2);
  EXPECT_EQ(plan[0].rows, (Range{0, kEdge}));
  EXPECT_TRUE(plan[0].upper);
  const Tile last = plan[plan.size() - 1];
  EXPECT_EQ(last.cols.end, kItems);
  Random random(1);
  std::vector<std::pair<std::int64_t, std::int64_t>> places;
  for (int trial = 0; trial < 2000; ++trial) {
    const auto first = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(plan.size() - 40)));
    for (std::int64_t k = first; k < first + 20; ++k) {
      const Tile tile = plan[k];
      ASSERT_EQ(tile.rows.begin % kEdge, 0);
      ASSERT_EQ(tile.cols.begin % kEdge, 0);
      ASSERT_LT(tile.rows.begin, kItems);
      ASSERT_LE(tile.rows.begin, tile.cols.begin);
      ASSERT_LE(tile.cols.end, kItems);
      ASSERT_EQ(tile.upper, tile.rows == tile.cols);
      ASSERT_GT(tile.rows.size(), 0);
      places.emplace_back(tile.rows.begin, tile.cols.begin);
    }
  }
  // Numbers may repeat in the sample; places then repeat exactly as often: the map from numbers to places is one to
  // one.
  std::vector<std::int64_t> numbers;
  Random again(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const auto first = static_cast<std::int64_t>(again.below(static_cast<std::uint64_t>(plan.size() - 40)));
    for (std::int64_t k = first; k < first + 20; ++k) numbers.push_back(k);
  }
  const auto distinct = [](auto values) {
    std::sort(values.begin(), values.end());
    return std::unique(values.begin(), values.end()) - values.begin();
  };
  EXPECT_EQ(distinct(places), distinct(numbers));
}

TEST(TilePlan, ReachesABillionByABillion) {
  constexpr std::int64_t kItems = 1'000'000'007;
  constexpr std::int64_t kEdge = 500;
  const TilePlan plan(Pairs::rectangle(kItems, kItems), kEdge, 1);
  const std::int64_t blocks = (kItems + kEdge - 1) / kEdge;
  EXPECT_EQ(plan.size(), blocks * blocks);
  EXPECT_EQ(plan[plan.size() - 1].rows, (Range{(blocks - 1) * kEdge, kItems}));
  EXPECT_EQ(plan[plan.size() - 1].cols, (Range{(blocks - 1) * kEdge, kItems}));
  // A band holds eight rows of blocks: the first tile of the second band starts at block row 8.
  EXPECT_EQ(plan[8 * blocks].rows.begin, 8 * kEdge);
  EXPECT_EQ(plan[8 * blocks].cols.begin, 0);
  EXPECT_EQ(plan[8 * blocks - 1].rows.begin, 7 * kEdge);
  EXPECT_EQ(plan[8 * blocks - 1].cols.end, kItems);
}

TEST(TilePlan, RefusesEmptyTiles) {
  expect_error(ErrorCode::internal, "at least one pair", [] { TilePlan(Pairs::triangle(3), 0, 1); });
  expect_error(ErrorCode::internal, "at least one pair", [] { TilePlan(Pairs::triangle(3), 1, 0); });
}

TEST(Split, KeepsEachPairOnceDownToSinglePairs) {
  for (std::int64_t rows = 0; rows <= 9; ++rows) {
    for (std::int64_t cols = 0; cols <= 9; ++cols) {
      const Tile tile{{3, 3 + rows}, {20, 20 + cols}, false, {}};
      Coverage coverage(12, 29);
      std::int64_t leaves = 0;
      add_in_parts(tile, coverage, leaves);
      EXPECT_EQ(leaves, std::max<std::int64_t>(1, rows * cols));
      for (std::int64_t i = 3; i < 3 + rows; ++i) {
        for (std::int64_t j = 20; j < 20 + cols; ++j) ASSERT_EQ(coverage.times(i, j), 1);
      }
    }
  }
}

TEST(Split, KeepsEachPairOfADiagonalBlockOnce) {
  for (std::int64_t size = 0; size <= 17; ++size) {
    const Tile tile{{5, 5 + size}, {5, 5 + size}, true, {}};
    Coverage coverage(22, 22);
    std::int64_t leaves = 0;
    add_in_parts(tile, coverage, leaves);
    for (std::int64_t i = 0; i < 22; ++i) {
      for (std::int64_t j = 0; j < 22; ++j) {
        ASSERT_EQ(coverage.times(i, j), i >= 5 && i < j && j < 5 + size) << size;
      }
    }
  }
}

TEST(Split, HalvesAList) {
  const std::vector<IndexPair> list{{0, 1}, {1, 2}, {2, 3}};
  Tile tile;
  tile.list = list;
  const auto parts = split(tile);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].count(), 1);
  EXPECT_EQ(parts[1].count(), 2);
  EXPECT_EQ(parts[1].list[0], list[1]);
}

TEST(Workspace, StaysWithinItsBudget) {
  Workspace workspace(1000);
  auto* const first = workspace.buffer<float>(0, 100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % kHostAlignment, 0U);
  EXPECT_EQ(workspace.buffer<float>(0, 50), first) << "a smaller request takes what is there";
  workspace.buffer<std::uint8_t>(1, 600);
  expect_error(ErrorCode::out_of_memory, "a tile needs 1001 B of scratch memory; 1000 B are allowed",
               [&] { workspace.buffer<std::uint8_t>(1, 601); });
  EXPECT_EQ(workspace.buffer<float>(0, 100), first) << "a refusal takes nothing away";
  workspace.buffer<std::uint8_t>(0, 400);
  expect_error(ErrorCode::internal, "no such workspace slot", [&] { workspace.buffer<float>(Workspace::kSlots, 1); });
}

TEST(Workspace, GivesBackBeforeItTakes) {
  Workspace workspace(1000);
  workspace.buffer<std::uint8_t>(0, 600);
  EXPECT_NE(workspace.buffer<std::uint8_t>(0, 1000), nullptr);
}

TEST(PlanEdge, HalvesThePreferredEdgeUntilItFits) {
  Cost cost;
  cost.preferred_edge = 256;
  cost.bytes_per_row = 100;
  cost.bytes_per_column = 50;
  cost.bytes_per_pair = 8;
  cost.fixed_bytes = 1000;
  const auto bytes = [](std::int64_t edge) { return 1000 + 150 * edge + 40 * edge * edge; };
  EXPECT_EQ(plan_edge(cost, 1LL << 40, 2), 256);
  for (const std::int64_t edge : {256, 128, 64, 2, 1}) {
    EXPECT_EQ(plan_edge(cost, 3 * bytes(edge), 3), edge);
    if (edge > 1) {
      EXPECT_EQ(plan_edge(cost, 3 * bytes(edge) - 1, 3), edge / 2);
    }
  }
  expect_error(ErrorCode::out_of_memory, "with 3 threads needs at least 3.5 KiB beside the features; 3.5 KiB are left",
               [&] { plan_edge(cost, 3 * bytes(1) - 1, 3); });
  expect_error(ErrorCode::out_of_memory, "; 0 B are left (raise --memory)", [&] { plan_edge(cost, -5, 3); });
}

}  // namespace
}  // namespace simile
