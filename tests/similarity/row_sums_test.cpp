// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/row_sums.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "similarity/engine.hpp"

#include "simile/core/exact_sum.hpp"
#include "simile/core/random.hpp"

namespace simile {
namespace {

std::vector<double> expected_sums(const Pairs& pairs, const Metric& metric) {
  std::vector<ExactSum> sums(static_cast<std::size_t>(pairs.num_nodes()));
  for (const auto& [i, j] : all_pairs(pairs)) {
    sums[static_cast<std::size_t>(i)].add(metric.exact(i, j));
    sums[static_cast<std::size_t>(pairs.right_node(j))].add(metric.exact(i, j));
  }
  std::vector<double> rounded;
  for (const auto& sum : sums) rounded.push_back(sum.value());
  return rounded;
}

TEST(RowSums, EqualPlainLoopsForEveryShape) {
  Engine engine(3);
  Random random(1);
  for (const std::int64_t n : {0, 1, 2, 15, 16, 17, 97}) {
    const FunctionMetric metric(n, n, hashed_similarity);
    std::vector<IndexPair> list;
    for (int k = 0; k < 1500 && n > 0; ++k) {
      list.push_back({static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n))),
                      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)))});
    }
    for (const Pairs& pairs :
         {Pairs::triangle(n), Pairs::rectangle(n, n), Pairs::list(list, n), Pairs::list(list, n, n)}) {
      ASSERT_EQ(sums_of(engine, pairs, metric), expected_sums(pairs, metric)) << n;
    }
  }
}

// By hand: sums that lose everything in double precision, whatever the order.
TEST(RowSums, AreRoundedOnce) {
  Engine engine(2);
  const FunctionMetric metric(1, 3, [](auto, std::int64_t j) { return j == 0 ? 1e308 : j == 1 ? 0.125 : -1e308; });
  EXPECT_EQ(sums_of(engine, Pairs::rectangle(1, 3), metric), (std::vector<double>{0.125, 1e308, 0.125, -1e308}));
}

TEST(RowSums, HoldItemsThatAreAlikeToNothing) {
  Engine engine(2);
  const FunctionMetric metric(3, 3, [](std::int64_t i, std::int64_t) { return i == 0 ? -kInfinity : 0.5; });
  EXPECT_EQ(sums_of(engine, Pairs::triangle(3), metric), std::vector<double>(3, -kInfinity));
}

TEST(RowSums, AreZeroWithoutPairs) {
  Engine engine(2);
  const FunctionMetric metric(1, 1, hashed_similarity);
  EXPECT_EQ(sums_of(engine, Pairs::triangle(1), metric), std::vector<double>{0});
}

}  // namespace
}  // namespace simile
