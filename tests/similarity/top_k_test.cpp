// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/top_k.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

using testing::ElementsAre;

Neighbours expected_neighbours(const Pairs& pairs, const Metric& metric, std::int64_t k) {
  return oracle_neighbours(pairs.num_left(), pairs.one_set(), oracle_pairs(pairs, metric, false), k);
}

std::vector<IndexPair> random_list(std::int64_t count, std::int64_t num_left, std::int64_t num_right) {
  Random random(3);
  std::vector<IndexPair> list;
  for (std::int64_t k = 0; k < count; ++k) {
    list.push_back({static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(num_left))),
                    static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(num_right)))});
  }
  return list;
}

struct Scores {
  const char* name;
  double (*function)(std::int64_t, std::int64_t);
  friend void PrintTo(const Scores& scores, std::ostream* out) { *out << scores.name; }
};

class TopKOf : public testing::TestWithParam<Scores> {};

// Intervals so wide that they decide nothing, so narrow that they decide nearly all, and none.
TEST_P(TopKOf, EqualsPlainSortsForEveryShapeAndWidth) {
  Engine engine(3);
  for (const double widest : {0.0, 1e-9, 0.05, 4.0}) {
    for (const std::int64_t n : {0, 1, 2, 16, 17, 61}) {
      const IntervalMetric square(n, n, widest, GetParam().function);
      const IntervalMetric wide(n, 2 * n + 1, widest, GetParam().function);
      std::vector<IndexPair> list;
      if (n > 0) list = random_list(1500, n, n);
      for (const std::int64_t k : {1, 2, 5, 60, 1000}) {
        for (const Pairs& pairs :
             {Pairs::triangle(n), Pairs::rectangle(n, n), Pairs::list(list, n), Pairs::list(list, n, n)}) {
          ASSERT_EQ(neighbours_of(engine, pairs, square, k), expected_neighbours(pairs, square, k))
              << n << " items, k " << k << ", width " << widest;
        }
        const Pairs pairs = Pairs::rectangle(n, 2 * n + 1);
        ASSERT_EQ(neighbours_of(engine, pairs, wide, k), expected_neighbours(pairs, wide, k)) << n << ", " << k;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Similarities, TopKOf,
                         testing::Values(Scores{"all_different", hashed_similarity},
                                         Scores{"many_ties",
                                                [](std::int64_t i, std::int64_t j) {
                                                  return static_cast<double>((i + j) % 3);
                                                }},
                                         Scores{"all_equal", [](std::int64_t, std::int64_t) { return 0.5; }},
                                         Scores{"some_alike_to_nothing",
                                                [](std::int64_t i, std::int64_t j) {
                                                  return i % 5 == 3 || (i * j) % 7 == 1 ? -kInfinity
                                                                                        : hashed_similarity(i, j) - 2;
                                                }},
                                         Scores{"better_and_better",
                                                [](std::int64_t i, std::int64_t j) {
                                                  return static_cast<double>(100 * std::min(i, j) + std::max(i, j));
                                                }}),
                         [](const auto& given) { return std::string(given.param.name); });

TEST(TopK, GivesTiesToTheSmallerItem) {
  Engine engine(2);
  const FunctionMetric metric(4, 4, [](auto, auto) { return 0.25; });
  using testing::Pair;
  EXPECT_THAT(neighbours_of(engine, Pairs::triangle(4), metric, 2),
              ElementsAre(ElementsAre(Pair(1, .25), Pair(2, .25)), ElementsAre(Pair(0, .25), Pair(2, .25)),
                          ElementsAre(Pair(0, .25), Pair(1, .25)), ElementsAre(Pair(0, .25), Pair(1, .25))));
}

TEST(TopK, EvaluatesLittleMoreThanItReturns) {
  Engine engine(2);
  const IntervalMetric metric(300, 300, 1e-7, [](std::int64_t i, std::int64_t j) { return hashed_similarity(i, j); });
  TopK top(10);
  engine.compare(Pairs::triangle(300), metric, top);
  // 3,000 neighbours, some of them mutual; about one pair in a hundred has an end at -infinity.
  EXPECT_LT(metric.evaluations, 3000);
}

TEST(TopK, RaisesTheFloorOfTilesItHasSeen) {
  const FunctionMetric metric(40, 40, hashed_similarity);
  Exact exact(metric);
  TopK top(3);
  top.begin(Pairs::triangle(40), 1);
  const Tile tile{{0, 40}, {0, 40}, true, {}};
  EXPECT_EQ(top.need(tile).floor, -kInfinity);
  std::vector<ScoredPair> scored;
  for (const auto& [i, j, similarity] : oracle_pairs(Pairs::triangle(40), metric, false)) {
    scored.push_back({i, j, similarity, similarity});
  }
  top.consume(0, tile, scored, exact);
  EXPECT_GT(top.need(tile).floor, 0.5);
}

TEST(TopK, RefusesToFindNone) {
  expect_error(ErrorCode::invalid_argument, "0 nearest", [] { TopK(0); });
  expect_error(ErrorCode::invalid_argument, "-1 nearest", [] { TopK(-1); });
}

}  // namespace
}  // namespace simile
