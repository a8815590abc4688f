// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/threshold_curve.hpp"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>

#include "support/oracle.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

using testing::HasSubstr;

std::vector<double> similarities_of(const std::vector<Edge>& edges) {
  std::vector<double> all;
  for (const auto& edge : edges) all.push_back(edge.similarity);
  return all;
}

std::vector<CurvePoint> curve_of(std::int64_t num_items, const std::vector<Edge>& edges) {
  return threshold_curve(num_items, edges, similarities_of(edges));
}

TEST(ThresholdCurve, IsWhatPlainComponentsGiveAtEveryThreshold) {
  Random random(3);
  for (int round = 0; round < 20; ++round) {
    const std::int64_t n = 2 + static_cast<std::int64_t>(random.below(30));
    std::vector<Edge> edges;
    for (std::int64_t i = 0; i < n; ++i) {
      // Few values, so that many pairs tie.
      for (std::int64_t j = i + 1; j < n; ++j) edges.push_back({i, j, static_cast<double>(random.below(40)) / 40});
    }
    const auto curve = curve_of(n, edges);
    ASSERT_FALSE(curve.empty());
    double above = std::numeric_limits<double>::infinity();
    std::int64_t groups_above = -1;
    for (const auto& point : curve) {
      EXPECT_LT(point.threshold, above);
      above = point.threshold;
      std::vector<std::pair<std::int64_t, std::int64_t>> similar;
      for (const auto& edge : edges) {
        if (edge.similarity >= point.threshold) similar.emplace_back(edge.left, edge.right);
      }
      std::map<std::int64_t, std::int64_t> sizes;
      for (const auto label : oracle_components(n, similar)) ++sizes[label];
      CurvePoint expected;
      for (const auto& [label, size] : sizes) {
        if (size < 2) continue;
        ++expected.groups;
        expected.grouped += size;
        expected.largest = std::max(expected.largest, size);
      }
      EXPECT_EQ(point.similar_pairs, std::ssize(similar));
      EXPECT_EQ(point.groups, expected.groups);
      EXPECT_EQ(point.grouped, expected.grouped);
      EXPECT_EQ(point.largest, expected.largest);
      EXPECT_EQ(point.formed - point.merged, point.groups);
      groups_above = point.groups;
    }
    EXPECT_EQ(groups_above, 1);
    EXPECT_EQ(curve.back().grouped, n);
  }
}

TEST(ThresholdCurve, NeedsTheForestOnlyButCountsEveryPair) {
  const std::vector<Edge> all{{0, 1, .9}, {1, 2, .8}, {0, 2, .7}, {2, 3, .1}};
  const std::vector<Edge> forest{{2, 3, .1}, {0, 1, .9}, {1, 2, .8}};
  const auto curve = threshold_curve(4, forest, similarities_of(all));
  ASSERT_EQ(curve.size(), 3U);
  EXPECT_EQ(curve[1].similar_pairs, 2);
  EXPECT_EQ(curve[2].similar_pairs, 4);
}

TEST(ThresholdCurve, IsEmptyWhereNothingIsCompared) {
  EXPECT_TRUE(curve_of(1, {}).empty());
  EXPECT_TRUE(curve_of(0, {}).empty());
}

/// Three pairs of copies at .97 to .99 among items that are alike from .5 down.
std::vector<Edge> copies_and_others() {
  std::vector<Edge> edges{{0, 1, .99}, {2, 3, .98}, {4, 5, .97}};
  for (std::int64_t k = 0; k < 8; ++k) edges.push_back({k, k + 2, .5 - .01 * static_cast<double>(k)});
  return edges;
}

TEST(ThresholdAdvice, LiesInTheGapBetweenCopiesAndOthers) {
  const auto advice = advise_threshold(curve_of(10, copies_and_others()), 10, 10, .8);
  EXPECT_EQ(advice.kind, ThresholdAdvice::Kind::gap);
  EXPECT_EQ(advice.low, .5);
  EXPECT_EQ(advice.high, .97);
  EXPECT_GT(advice.threshold, .7);
  EXPECT_LE(advice.threshold, .97);
  EXPECT_THAT(advice.reason, HasSubstr("between 0.5 and 0.97"));
}

TEST(ThresholdAdvice, CallsNothingAGapBelowFewerThanThreeGroups) {
  auto edges = copies_and_others();
  edges.erase(edges.begin());  // two groups above the gap
  EXPECT_NE(advise_threshold(curve_of(10, edges), 10, 10, .8).kind, ThresholdAdvice::Kind::gap);
}

/// Groups of two form at .90, .89, ... .81; from .80 down each goes into the one before.
std::vector<Edge> chaining() {
  std::vector<Edge> edges;
  for (std::int64_t k = 0; k < 10; ++k) edges.push_back({2 * k, 2 * k + 1, .9 - .01 * static_cast<double>(k)});
  for (std::int64_t k = 0; k < 9; ++k) edges.push_back({2 * k, 2 * k + 2, .8 - .01 * static_cast<double>(k)});
  return edges;
}

TEST(ThresholdAdvice, StopsWhereMoreThanAQuarterOfTheGroupsHasMerged) {
  const auto advice = advise_threshold(curve_of(20, chaining()), 20, 20, .5);
  EXPECT_EQ(advice.kind, ThresholdAdvice::Kind::merging);
  EXPECT_NEAR(advice.high, .79, 1e-12);  // two of ten have merged; the third comes at .78
  EXPECT_NEAR(advice.low, .78, 1e-12);
  EXPECT_GT(advice.threshold, advice.low);
  EXPECT_LE(advice.threshold, advice.high);
  EXPECT_THAT(advice.reason, HasSubstr("of 10 groups"));
}

TEST(ThresholdAdvice, MovesUpForASetLargerThanTheSample) {
  const auto curve = curve_of(20, chaining());
  const auto sampled = advise_threshold(curve, 20, 39, .5);  // each image has twice as many others: 12 pairs become 6
  EXPECT_EQ(sampled.kind, ThresholdAdvice::Kind::merging);
  EXPECT_NEAR(sampled.high, .85, 1e-12);
  EXPECT_THAT(sampled.reason, HasSubstr("2 times as many"));
  const auto tiny = advise_threshold(curve, 20, 1'000'000, .5);
  EXPECT_EQ(tiny.kind, ThresholdAdvice::Kind::undersampled);
  EXPECT_EQ(tiny.threshold, .9);
  EXPECT_THAT(tiny.reason, HasSubstr("--sample"));
}

TEST(ThresholdAdvice, IsTheDefaultWhereNothingIsAlike) {
  const auto advice = advise_threshold({}, 5, 5, .8);
  EXPECT_EQ(advice.threshold, .8);
  EXPECT_THAT(advice.reason, HasSubstr("default"));
}

TEST(ThresholdAdvice, IsShortToWriteAndGivesTheSampleTheSameGroups) {
  const std::vector<Edge> edges{{0, 1, .7123456}, {2, 3, .7123455}};
  const auto advice = advise_threshold(curve_of(4, edges), 4, 4, .5);
  EXPECT_GT(advice.threshold, advice.low);
  EXPECT_LE(advice.threshold, advice.high);
}

}  // namespace
}  // namespace simile
