// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/spanning_tree.hpp"

#include <cmath>
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

struct Scores {
  const char* name;
  double (*function)(std::int64_t, std::int64_t);
  friend void PrintTo(const Scores& scores, std::ostream* out) { *out << scores.name; }
};

class SpanningTreeOf : public testing::TestWithParam<Scores> {
 protected:
  static void check(Engine& engine, const Pairs& pairs, const Metric& metric, const SpanningTreeOptions& options) {
    ASSERT_EQ(forest_of(engine, pairs, metric, options),
              oracle_spanning_forest(pairs.num_nodes(), oracle_pairs(pairs, metric, true), options.floor))
        << pairs.num_left() << " x " << pairs.num_right() << ", floor " << options.floor;
  }
};

TEST_P(SpanningTreeOf, EqualsAPlainKruskalForEveryShapeAndWidth) {
  Engine engine(3);
  Random random(5);
  for (const double widest : {0.0, 1e-9, 0.05, 4.0}) {
    for (const std::int64_t n : {0, 1, 2, 16, 17, 83}) {
      const IntervalMetric square(n, n, widest, GetParam().function);
      const IntervalMetric wide(n, 2 * n + 1, widest, GetParam().function);
      std::vector<IndexPair> list;
      for (int k = 0; k < 3000 && n > 0; ++k) {
        list.push_back({static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n))),
                        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)))});
      }
      for (const double floor : {-kInfinity, 0.6}) {
        for (const Pairs& pairs :
             {Pairs::triangle(n), Pairs::rectangle(n, n), Pairs::list(list, n), Pairs::list(list, n, n)}) {
          check(engine, pairs, square, {.floor = floor});
        }
        check(engine, Pairs::rectangle(n, 2 * n + 1), wide, {.floor = floor});
      }
    }
  }
}

// So little room that workers hand over again and again, and undecided edges are evaluated early.
TEST_P(SpanningTreeOf, EqualsAPlainKruskalInLittleMemory) {
  Engine engine(3);
  for (const double widest : {0.0, 0.05, 4.0}) {
    const IntervalMetric metric(200, 200, widest, GetParam().function);
    check(engine, Pairs::triangle(200), metric, {.memory_bytes = 1});
    check(engine, Pairs::rectangle(200, 200), metric, {.memory_bytes = 1});
  }
}

INSTANTIATE_TEST_SUITE_P(
    Similarities, SpanningTreeOf,
    testing::Values(
        Scores{"all_different", hashed_similarity},
        Scores{"many_ties", [](std::int64_t i, std::int64_t j) { return static_cast<double>((i + j) % 3); }},
        Scores{"all_equal", [](std::int64_t, std::int64_t) { return 0.75; }},
        Scores{"some_alike_to_nothing",
               [](std::int64_t i, std::int64_t j) {
                 return i % 5 == 3 || (i * j) % 7 == 1 ? -kInfinity : hashed_similarity(i, j);
               }},
        Scores{"a_chain", [](std::int64_t i, std::int64_t j) { return -std::fabs(static_cast<double>(i - j)); }},
        Scores{"islands", [](std::int64_t i,
                             std::int64_t j) { return (i % 4 == j % 4 ? 0.7 : 0) + hashed_similarity(i, j) / 4; }}),
    [](const auto& given) { return std::string(given.param.name); });

TEST(SpanningTree, EvaluatesLittleMoreThanTheTree) {
  Engine engine(2);
  const IntervalMetric metric(400, 400, 1e-7, [](std::int64_t i, std::int64_t j) { return hashed_similarity(i, j); });
  EXPECT_EQ(forest_of(engine, Pairs::triangle(400), metric).size(), 399U);
  // Besides the 399: pairs with an end at -infinity are not strong enough to matter.
  EXPECT_LT(metric.evaluations, 450);
}

TEST(SpanningTree, HasComponentsOfEveryThreshold) {
  Engine engine(2);
  const FunctionMetric metric(60, 60, hashed_similarity);
  const Pairs pairs = Pairs::triangle(60);
  const auto forest = forest_of(engine, pairs, metric);
  for (const auto& given : forest) {
    std::vector<std::pair<std::int64_t, std::int64_t>> edges;
    for (const auto& [left, right, similarity] : forest) {
      if (similarity >= given.similarity) edges.emplace_back(left, right);
    }
    ASSERT_EQ(oracle_components(60, edges), expected_labels(pairs, metric, given.similarity));
  }
}

TEST(SpanningTree, RaisesTheFloorOnceTilesAreJoined) {
  const FunctionMetric metric(64, 64, hashed_similarity);
  Exact exact(metric);
  SpanningTree tree({.memory_bytes = 1});
  tree.begin(Pairs::triangle(64), 1);
  const Tile tile{{0, 64}, {0, 64}, true, {}};
  EXPECT_EQ(tree.need(tile).floor, -kInfinity);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::vector<ScoredPair> scored;
    for (const auto& [i, j, similarity] : oracle_pairs(Pairs::triangle(64), metric, false)) {
      scored.push_back({i, j, similarity, similarity});
    }
    tree.consume(0, tile, scored, exact);
  }
  EXPECT_GT(tree.need(tile).floor, 0.5);
}

TEST(SpanningTree, RefusesAFloorThatIsNoNumber) {
  expect_error(ErrorCode::invalid_argument, "must be a number", [] { SpanningTree({.floor = std::nan("")}); });
}

}  // namespace
}  // namespace simile
