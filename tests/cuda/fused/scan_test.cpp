// SPDX-License-Identifier: Apache-2.0
// What a fused kernel makes of products, by products that are given.
#include "cuda/similarity/fused/scan.cuh"

#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "cuda/core/launch.hpp"

#include "simile/core/random.hpp"

namespace simile::cuda {
namespace {

TEST(WarpgroupLayout, HasEveryProductOfATileOnce) {
  std::set<std::pair<int, int>> seen;
  for (int thread = 0; thread < 256; ++thread) {
    const WarpgroupLayout layout{thread};
    for (int i = 0; i < WarpgroupLayout::kSize; ++i) {
      ASSERT_LT(layout.row(i), kTileRows);
      ASSERT_LT(layout.col(i), kTileCols);
      ASSERT_TRUE(seen.emplace(layout.row(i), layout.col(i)).second);
    }
  }
}

TEST(ProductFloor, IsBelowEveryProductThatMayReachTheThreshold) {
  Random random(5);
  int reached = 0;
  for (int k = 0; k < 200000; ++k) {
    const double threshold = 2 * random.uniform() - 1;
    const double most_x = 1e-3 * random.uniform();
    const double most_y = 1e-3 * random.uniform();
    const auto depth = 16 * (1 + static_cast<std::int64_t>(random.below(64)));
    // Of halves, and of bytes, whose units are no powers of two.
    const double quantum = random.uniform() / 127 + 1e-4;
    const Precision precision = k % 2 == 0 ? half_precision(depth) : Precision{quantum * quantum, 0x1p-24};
    const float floor = product_floor(threshold, most_x, most_y, precision);
    // As large errors as there may be, at the last products that count.
    float product = floor;
    for (int step = 0; step < 3; ++step) product = std::nextafter(product, -2e5F);
    for (int step = 0; step < 8; ++step, product = std::nextafter(product, 2e5F)) {
      for (const double share : {1.0, random.uniform()}) {
        if (product_interval(product, share * most_x, share * most_y, precision).high < threshold) continue;
        ++reached;
        ASSERT_GE(product, floor) << threshold << ", " << most_x << ", " << most_y << ", " << depth << ", "
                                  << precision.unit;
      }
    }
  }
  EXPECT_GT(reached, 1000);
}

/// One block's tile of products, [kTileRows, kTileCols], as a fragment.
struct Given : WarpgroupLayout {
  const float* products;
  __device__ float value(int i) const { return products[row(i) * kTileCols + col(i)]; }
};

__global__ void scan_given(const float* products, TilePlace place, TileScan scan) {
  __shared__ std::int32_t nodes[kThreads / 32][kLocalNodes];
  const Given given{{static_cast<int>(threadIdx.x)}, products};
  scan_tile(given, place, scan, nodes[threadIdx.x / 32]);
}

/// A set of rows of which only errors and norms matter.
class Scan : public testing::Test {
 protected:
  static constexpr std::int64_t kDepth = 64;
  static constexpr double kThreshold = 0.5;

  struct Result {
    std::vector<std::int32_t> nodes;
    std::vector<ScoredPair> listed;
    unsigned long long count;
    unsigned redo;
    unsigned marks;
  };

  float product(double score) const { return static_cast<float>(score * kHalfScale * kHalfScale); }
  double band() const { return half_band(kError, kError, kDepth); }

  Result scan(const std::vector<float>& products, std::int64_t num_rows, std::int64_t row_begin, std::int64_t col_begin,
              std::int64_t capacity = 1000, bool only_mark = false) {
    const Stream& stream = gpu_.stream();
    const auto on_device = [&](const auto& from) {
      using Value = typename std::decay_t<decltype(from)>::value_type;
      DeviceBuffer<Value> to(std::ssize(from), stream);
      copy_to_device(to.data(), from.data(), to.size(), stream);
      return to;
    };
    const auto size = static_cast<std::size_t>(num_rows);
    std::vector<std::int32_t> nodes(size);
    for (std::size_t k = 0; k < size; ++k) nodes[k] = static_cast<std::int32_t>(k);
    std::vector<double> norms(size, 1.0);
    for (const auto row : zero_rows_) norms[static_cast<std::size_t>(row)] = 0;
    const auto errors = on_device(std::vector<float>(size, static_cast<float>(kError)));
    const auto most_errors = on_device(std::vector<float>((size + 255) / 256, static_cast<float>(kError)));
    const auto norms_there = on_device(norms);
    const auto nodes_there = on_device(nodes);
    const auto products_there = on_device(products);
    const auto redo = on_device(std::vector<unsigned>(2, 0));
    const auto count = on_device(std::vector<unsigned long long>(1, 0));
    const auto marks = on_device(std::vector<unsigned>(2, 0));
    const DeviceBuffer<ScoredPair> pairs(capacity, stream);
    const TileScan all{{errors.data(), norms_there.data(), most_errors.data(), num_rows, half_precision(kDepth)},
                       kThreshold,
                       only_mark ? marks.data() : nullptr,
                       {nodes_there.data()},
                       {pairs.data(), count.data()},
                       static_cast<unsigned long long>(capacity),
                       redo.data()};
    launch(stream, dim3(1), dim3(kThreads), scan_given, products_there.data(), TilePlace{row_begin, col_begin, 35},
           all);
    Result result{nodes, {}, 0, 0, 0};
    copy_to_host(result.nodes.data(), nodes_there.data(), num_rows, stream);
    copy_to_host(&result.count, count.data(), 1, stream);
    copy_to_host(&result.redo, redo.data() + 1, 1, stream);
    copy_to_host(&result.marks, marks.data() + 1, 1, stream);
    stream.synchronize();
    result.listed.resize(std::min<std::size_t>(result.count, static_cast<std::size_t>(capacity)));
    copy_to_host(result.listed.data(), pairs.data(), std::ssize(result.listed), stream);
    stream.synchronize();
    return result;
  }
  static std::int32_t root(const Result& result, std::int32_t node) {
    while (result.nodes[static_cast<std::size_t>(node)] != node) node = result.nodes[static_cast<std::size_t>(node)];
    return node;
  }
  static std::vector<float> nothing() { return std::vector<float>(kTileRows * kTileCols, -1000.0F); }
  static float& at(std::vector<float>& products, std::int64_t row, std::int64_t col) {
    return products[static_cast<std::size_t>(row * kTileCols + col)];
  }

  static constexpr double kError = 3e-4F;
  Gpu gpu_{1 << 24};
  std::vector<std::int64_t> zero_rows_;
};

TEST_F(Scan, UnitesWhatIsSureAndListsWhatIsNot) {
  auto products = nothing();
  at(products, 3, 200) = product(kThreshold + 1.01 * band());
  at(products, 127, 255) = product(0.9);
  at(products, 64, 0) = product(kThreshold + 0.99 * band());
  at(products, 65, 1) = product(kThreshold - 0.99 * band());
  at(products, 66, 2) = product(kThreshold - 1.01 * band());
  const Result result = scan(products, 600, 128, 256);
  for (std::int32_t node = 0; node < 600; ++node) {
    const std::int32_t expected = node == 256 + 200 ? 128 + 3 : node == 256 + 255 ? 128 + 127 : node;
    EXPECT_EQ(root(result, node), expected);
  }
  ASSERT_EQ(result.count, 2U);
  for (const auto& pair : result.listed) {
    EXPECT_TRUE((pair.left == 128 + 64 && pair.right == 256) || (pair.left == 128 + 65 && pair.right == 257));
    EXPECT_LT(pair.low, kThreshold);
    EXPECT_GE(pair.high, kThreshold);
  }
  EXPECT_EQ(result.redo, 0U);
}

TEST_F(Scan, ListsNothingThatTheSameWarpHasConnected) {
  auto products = nothing();
  at(products, 0, 10) = at(products, 1, 10) = at(products, 1, 11) = product(0.9);
  at(products, 0, 11) = product(kThreshold);
  const Result result = scan(products, 600, 0, 256);
  EXPECT_EQ(result.count, 0U);
  for (const std::int32_t node : {1, 266, 267}) EXPECT_EQ(root(result, node), 0);
}

TEST_F(Scan, UnitesEverything) {
  const Result result = scan(std::vector<float>(kTileRows * kTileCols, product(0.9)), 512, 0, 256);
  for (std::int32_t node = 0; node < 512; ++node) {
    EXPECT_EQ(root(result, node), node < 128 || node >= 256 ? 0 : node);
  }
}

TEST_F(Scan, SeesOnlyPairsAboveTheDiagonalAndWithinTheSet) {
  // The lower half of a diagonal tile, which ends after 300 rows.
  const Result result = scan(std::vector<float>(kTileRows * kTileCols, product(kThreshold)), 300, 256, 256, 1 << 15);
  EXPECT_EQ(result.count, 44U * 43U / 2);
  for (const auto& pair : result.listed) EXPECT_TRUE(pair.left < pair.right && pair.right < 300);
  EXPECT_EQ(scan(std::vector<float>(kTileRows * kTileCols, product(0.9)), 300, 384, 256).count, 0U);
}

TEST_F(Scan, FindsNothingAlikeToZeroRows) {
  zero_rows_ = {5, 300};
  const Result result = scan(std::vector<float>(kTileRows * kTileCols, product(0.9)), 512, 0, 256);
  for (const std::int32_t node : {5, 300}) EXPECT_EQ(root(result, node), node);
  EXPECT_EQ(root(result, 301), 0);
}

TEST_F(Scan, MarksATileWhoseListIsFull) {
  auto products = nothing();
  for (std::int64_t k = 0; k < 100; ++k) at(products, k, k) = product(kThreshold);
  const Result full = scan(products, 600, 0, 256, 99);
  EXPECT_EQ(full.count, 100U);
  EXPECT_EQ(full.redo, 1U << 3);  // entry 35
  EXPECT_EQ(scan(products, 600, 0, 256, 100).redo, 0U);
}

TEST_F(Scan, OnlyMarksATileWithAPairThatMayReachTheThreshold) {
  auto products = nothing();
  at(products, 100, 7) = product(kThreshold - 1.01 * band());
  EXPECT_EQ(scan(products, 600, 0, 256, 1000, true).marks, 0U);
  at(products, 100, 7) = product(kThreshold - 0.99 * band());
  at(products, 30, 9) = product(0.9);
  const Result result = scan(products, 600, 0, 256, 1000, true);
  EXPECT_EQ(result.marks, 1U << 3);  // entry 35
  EXPECT_EQ(result.count, 0U);
  for (std::int32_t node = 0; node < 600; ++node) EXPECT_EQ(root(result, node), node);
}

}  // namespace
}  // namespace simile::cuda
