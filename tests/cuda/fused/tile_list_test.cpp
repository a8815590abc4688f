// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/fused/tile_list.cuh"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace simile::cuda {
namespace {

void expect_every_tile_once(const TileOrder& order) {
  std::vector<int> seen(static_cast<std::size_t>(order.rows * order.cols), 0);
  for (std::int64_t k = 0; k < order.size(); ++k) {
    const MacroTile tile = order.at(k);
    ASSERT_TRUE(tile.row >= 0 && tile.row < order.rows && tile.col >= 0 && tile.col < order.cols) << k;
    ++seen[static_cast<std::size_t>(tile.row * order.cols + tile.col)];
  }
  for (std::int64_t row = 0; row < order.rows; ++row) {
    for (std::int64_t col = 0; col < order.cols; ++col) {
      ASSERT_EQ(seen[static_cast<std::size_t>(row * order.cols + col)], !order.upper || row <= col ? 1 : 0)
          << row << ", " << col << " of " << order.rows << " x " << order.cols;
    }
  }
}

TEST(TileOrder, HasEveryTileOfATriangleOnce) {
  for (std::int64_t n = 0; n <= 40; ++n) expect_every_tile_once({n, n, true});
}

TEST(TileOrder, HasEveryTileOfARectangleOnce) {
  for (std::int64_t rows = 0; rows <= 40; ++rows) {
    for (std::int64_t cols = 0; cols <= 40; ++cols) expect_every_tile_once({rows, cols, false});
  }
}

/// What the second-level cache must hold is a band of rows, and columns that hardly move.
TEST(TileOrder, GoesAlongABandColumnByColumn) {
  for (const bool upper : {true, false}) {
    const TileOrder order{37, 37, upper};
    for (std::int64_t k = 1; k < order.size(); ++k) {
      const MacroTile before = order.at(k - 1);
      const MacroTile tile = order.at(k);
      const auto band = tile.row / kBandBlocks;
      if (before.row / kBandBlocks == band) {
        EXPECT_TRUE(tile.col == before.col || tile.col == before.col + 1) << k;
      } else {
        EXPECT_EQ(before.row / kBandBlocks + 1, band) << k;
        EXPECT_EQ(before.col, 36);
      }
    }
  }
}

TEST(TileOrder, FindsTheBordersOfBandsInTheLargestTriangle) {
  for (const std::int64_t n : {4097LL, 1LL << 20, (1LL << 31) / kMacroEdge}) {
    const TileOrder order{n, n, true};
    const std::int64_t bands = (n + kBandBlocks - 1) / kBandBlocks;
    const std::int64_t step = bands < 5000 ? 1 : bands / 5000;
    for (std::int64_t band = 1; band < bands; band += step) {
      const std::int64_t row = band * kBandBlocks;
      const std::int64_t begin = row * n - row * (row - 1) / 2;
      EXPECT_EQ(order.at(begin).row, row);
      EXPECT_EQ(order.at(begin).col, row);
      EXPECT_EQ(order.at(begin - 1).row, row - 1);
      EXPECT_EQ(order.at(begin - 1).col, n - 1);
    }
    EXPECT_EQ(order.at(order.size() - 1).row, n - 1);
    EXPECT_EQ(order.at(order.size() - 1).col, n - 1);
  }
}

TEST(TriangularRoot, IsTheLargestAtOrBelow) {
  for (std::int64_t index = 0; index < 5000; ++index) {
    const std::int64_t root = triangular_root(index);
    EXPECT_LE(root * (root + 1) / 2, index);
    EXPECT_GT((root + 1) * (root + 2) / 2, index);
  }
  for (const std::int64_t root : {1LL << 16, (1LL << 25) + 1, 94906265LL}) {
    const std::int64_t index = root * (root + 1) / 2;
    EXPECT_EQ(triangular_root(index), root);
    EXPECT_EQ(triangular_root(index - 1), root - 1);
    EXPECT_EQ(triangular_root(index + root), root);
  }
}

TEST(PairsIn, AddUpToAllPairs) {
  for (const std::int64_t n : {1LL, 2LL, 255LL, 256LL, 257LL, 1100LL, 5000LL}) {
    const std::int64_t blocks = (n + kMacroEdge - 1) / kMacroEdge;
    const TileOrder order{blocks, blocks, true};
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < order.size(); ++k) sum += pairs_in(order.at(k), order, n, n);
    EXPECT_EQ(sum, n * (n - 1) / 2) << n;
  }
  EXPECT_EQ(pairs_in({0, 1}, {1, 2, false}, 100, 300), 100 * 44);
}

}  // namespace
}  // namespace simile::cuda
