// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/components.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

constexpr std::int64_t kEdge = 16;  // of FunctionMetric's tiles

class ComponentsOf : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Items, ComponentsOf,
                         testing::Values(0, 1, 2, 3, kEdge - 1, kEdge, kEdge + 1, 31, 97, 8 * kEdge + 1),
                         testing::PrintToStringParamName());

TEST_P(ComponentsOf, EqualPlainLoopsAtEveryDensity) {
  Engine engine;
  const FunctionMetric metric(GetParam(), GetParam(), hashed_similarity);
  const Pairs pairs = Pairs::triangle(GetParam());
  for (const double threshold : {0.5, 0.9, 0.99, 0.999}) {
    ASSERT_EQ(labels_of(engine, pairs, metric, threshold), expected_labels(pairs, metric, threshold)) << threshold;
  }
}

TEST_P(ComponentsOf, AreOneWhenAllAreAlikeAndSkipMostTiles) {
  Engine engine;
  const FunctionMetric metric(GetParam(), GetParam(), [](auto, auto) { return 1.0; });
  Components components(1);
  const auto stats = engine.compare(Pairs::triangle(GetParam()), metric, components);
  EXPECT_EQ(components.labels(), std::vector<std::int64_t>(static_cast<std::size_t>(GetParam()), 0));
  EXPECT_EQ(stats.pairs, GetParam() * std::max<std::int64_t>(0, GetParam() - 1) / 2);
  if (GetParam() > 8 * kEdge) {
    EXPECT_GT(stats.pairs_skipped, stats.pairs / 2);
  }
}

TEST_P(ComponentsOf, AreAllApartWhenNothingIsAlike) {
  Engine engine;
  const FunctionMetric metric(GetParam(), GetParam(), [](auto, auto) { return -kInfinity; });
  std::vector<std::int64_t> apart(static_cast<std::size_t>(GetParam()));
  std::iota(apart.begin(), apart.end(), 0);
  EXPECT_EQ(labels_of(engine, Pairs::triangle(GetParam()), metric, -1e308), apart);
}

// A path through all items in a scrambled order, so that roots are hooked late and deep.
TEST_P(ComponentsOf, FollowAChainThroughEveryItem) {
  const auto n = static_cast<std::size_t>(GetParam());
  std::vector<std::size_t> place(n);
  std::iota(place.begin(), place.end(), 0);
  Random random(3);
  for (std::size_t k = n; k > 1; --k) std::swap(place[k - 1], place[random.below(k)]);
  const FunctionMetric metric(GetParam(), GetParam(), [&](std::int64_t i, std::int64_t j) {
    const auto a = place[static_cast<std::size_t>(i)];
    const auto b = place[static_cast<std::size_t>(j)];
    return a + 1 == b || b + 1 == a ? 1.0 : 0.0;
  });
  Engine engine(3);
  EXPECT_EQ(labels_of(engine, Pairs::triangle(GetParam()), metric, 1), std::vector<std::int64_t>(n, 0));
}

TEST(Components, NumberTheRightSetAfterTheLeft) {
  Engine engine;
  const FunctionMetric metric(2, 3, [](std::int64_t i, std::int64_t j) { return i == 1 && j != 1 ? 1.0 : 0.0; });
  EXPECT_EQ(labels_of(engine, Pairs::rectangle(2, 3), metric, 1), (std::vector<std::int64_t>{0, 1, 1, 3, 1}));
}

TEST(Components, EqualPlainLoopsOnRectanglesAndLists) {
  Engine engine;
  Random random(5);
  for (const std::int64_t left : {0, 1, 15, 33}) {
    for (const std::int64_t right : {0, 1, 16, 50}) {
      const FunctionMetric metric(left, right, hashed_similarity);
      const Pairs rectangle = Pairs::rectangle(left, right);
      ASSERT_EQ(labels_of(engine, rectangle, metric, 0.97), expected_labels(rectangle, metric, 0.97));
      std::vector<IndexPair> list;
      for (int k = 0; k < 2500 && left > 0 && right > 0; ++k) {
        list.push_back({static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(left))),
                        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(right)))});
      }
      const Pairs listed = Pairs::list(list, left, right);
      ASSERT_EQ(labels_of(engine, listed, metric, 0.9), expected_labels(listed, metric, 0.9));
    }
  }
  std::vector<IndexPair> list{{3, 3}, {4, 2}, {2, 4}, {4, 2}, {0, 5}};
  const FunctionMetric metric(6, 6, [](auto, auto) { return 1.0; });
  EXPECT_EQ(labels_of(engine, Pairs::list(list, 6), metric, 1), (std::vector<std::int64_t>{0, 1, 2, 3, 2, 0}));
}

/// Reports intervals around the truth, wide enough that every pair near the threshold must be decided exactly.
class VagueMetric final : public FunctionMetric<double (*)(std::int64_t, std::int64_t)> {
 public:
  explicit VagueMetric(std::int64_t n) : FunctionMetric(n, n, hashed_similarity) {}

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& /*workspace*/,
                    std::vector<ScoredPair>& out) const override {
    for (std::int64_t i = tile.rows.begin; i < tile.rows.end; ++i) {
      for (std::int64_t j = tile.upper ? std::max(tile.cols.begin, i + 1) : tile.cols.begin; j < tile.cols.end; ++j) {
        const double similarity = exact(i, j);
        const double down = 0.3 * hashed_similarity(i, j + 1000);
        const double up = 0.3 * hashed_similarity(i + 1000, j);
        if (similarity + up >= need.floor) out.push_back({i, j, similarity - down, similarity + up});
      }
    }
  }
};

TEST(Components, DecideThePairsOfTheBandExactly) {
  Engine engine;
  const VagueMetric metric(90);
  const Pairs pairs = Pairs::triangle(90);
  for (const double threshold : {0.7, 0.95, 0.98, 0.99}) {
    Components components(threshold);
    const auto stats = engine.compare(pairs, metric, components);
    EXPECT_EQ(components.labels(), expected_labels(pairs, metric, threshold));
    EXPECT_GT(stats.exact_evaluations, 0);
    EXPECT_LT(stats.exact_evaluations, stats.pairs);
  }
  EXPECT_EQ(edges_of(engine, pairs, metric, 0.97), expected_edges(pairs, metric, 0.97));
}

// Thresholds exactly at a pair's similarity and one double to either side.
TEST(Components, TakeTheThresholdInclusively) {
  Engine engine;
  const VagueMetric metric(40);
  const Pairs pairs = Pairs::triangle(40);
  for (std::int64_t k = 0; k + 1 < 40; ++k) {
    const double similarity = metric.exact(k, k + 1);
    for (const double threshold :
         {similarity, std::nextafter(similarity, kInfinity), std::nextafter(similarity, -kInfinity)}) {
      ASSERT_EQ(labels_of(engine, pairs, metric, threshold), expected_labels(pairs, metric, threshold));
      ASSERT_EQ(edges_of(engine, pairs, metric, threshold), expected_edges(pairs, metric, threshold));
    }
  }
}

TEST(Components, CanBeUsedAgain) {
  Engine engine;
  Components components(0.9);
  for (const std::int64_t n : {50, 10, 70}) {
    const FunctionMetric metric(n, n, hashed_similarity);
    engine.compare(Pairs::triangle(n), metric, components);
    EXPECT_EQ(components.labels(), expected_labels(Pairs::triangle(n), metric, 0.9));
  }
}

TEST(Components, TakeInfiniteThresholds) {
  Engine engine;
  const FunctionMetric metric(5, 5, hashed_similarity);
  EXPECT_EQ(labels_of(engine, Pairs::triangle(5), metric, -kInfinity), std::vector<std::int64_t>(5, 0));
  EXPECT_EQ(labels_of(engine, Pairs::triangle(5), metric, kInfinity), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

TEST(Components, RefuseAThresholdThatIsNoNumber) {
  expect_error(ErrorCode::invalid_argument, "a threshold must be a number",
               [] { Components{std::numeric_limits<double>::quiet_NaN()}; });
}

}  // namespace
}  // namespace simile
