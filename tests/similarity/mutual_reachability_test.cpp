// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/mutual_reachability.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"

namespace simile {
namespace {

std::vector<double> cores(std::int64_t n) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < n; ++k) all.push_back(k % 9 == 2 ? -kInfinity : hashed_similarity(k, k));
  return all;
}

TEST(MutualReachability, IsTheLeastOfThreeInEverySink) {
  Engine engine(2);
  constexpr std::int64_t kItems = 70;
  const auto core = cores(kItems);
  for (const double widest : {0.0, 0.02, 2.0}) {
    const IntervalMetric inner(kItems, kItems, widest, hashed_similarity);
    const MutualReachability metric(inner, core);
    const FunctionMetric plain(kItems, kItems, [&](std::int64_t i, std::int64_t j) {
      return std::min({hashed_similarity(i, j), core[static_cast<std::size_t>(i)], core[static_cast<std::size_t>(j)]});
    });
    for (const Pairs& pairs : {Pairs::triangle(kItems), Pairs::rectangle(kItems, kItems)}) {
      EXPECT_EQ(forest_of(engine, pairs, metric), forest_of(engine, pairs, plain)) << widest;
      EXPECT_EQ(neighbours_of(engine, pairs, metric, 4), neighbours_of(engine, pairs, plain, 4)) << widest;
      EXPECT_EQ(counts_of(engine, pairs, metric), counts_of(engine, pairs, plain)) << widest;
      EXPECT_EQ(edges_of(engine, pairs, metric, 0.5), expected_edges(pairs, plain, 0.5)) << widest;
    }
  }
}

TEST(MutualReachability, LeavesOutWhatACoreKeepsBelowTheFloor) {
  const FunctionMetric inner(2, 2, [](auto, auto) { return 0.9; });
  const std::vector<double> core{1, 0.3};
  const MutualReachability metric(inner, core);
  Workspace workspace(1 << 20);
  std::vector<ScoredPair> out;
  metric.screen({{0, 2}, {0, 2}, true, {}}, {.floor = 0.5}, workspace, out);
  EXPECT_TRUE(out.empty());
  metric.screen({{0, 2}, {0, 2}, true, {}}, {.floor = 0.3}, workspace, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].low, 0.3);
  EXPECT_EQ(out[0].high, 0.3);
}

TEST(MutualReachability, RefusesCoresOfOtherItems) {
  const FunctionMetric inner(3, 4, hashed_similarity);
  const std::vector<double> three(3);
  const std::vector<double> four(4);
  expect_error(ErrorCode::invalid_argument, "3 and 3 core", [&] { MutualReachability(inner, three); });
  expect_error(ErrorCode::invalid_argument, "4 and 4 core", [&] { MutualReachability(inner, four); });
  EXPECT_EQ(MutualReachability(inner, three, four).num_right(), 4);
}

}  // namespace
}  // namespace simile
