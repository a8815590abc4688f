// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/judged_threshold.hpp"

#include "core/expect_error.hpp"

namespace simile {
namespace {

TEST(ClopperPearson, IsTheExactIntervalOfTheTables) {
  // scipy.stats.binomtest(k, n).proportion_ci(method="exact")
  const auto some = clopper_pearson(8, 10);
  EXPECT_NEAR(some.low, 0.4439045376923585, 1e-9);
  EXPECT_NEAR(some.high, 0.9747892736731778, 1e-9);
  const auto all = clopper_pearson(15, 15);
  EXPECT_NEAR(all.low, 0.7819806, 1e-6);
  EXPECT_EQ(all.high, 1);
  const auto none = clopper_pearson(0, 15);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 1 - 0.7819806, 1e-6);
}

TEST(ClopperPearson, KnowsNothingWithoutTrials) {
  const auto nothing = clopper_pearson(0, 0);
  EXPECT_EQ(nothing.low, 0);
  EXPECT_EQ(nothing.high, 1);
}

TEST(JudgedThreshold, PartsTheAnswersWhereTheyPart) {
  const auto judged = threshold_from({{.7, false}, {.9, true}, {.6, false}, {.8, true}});
  EXPECT_NEAR(judged.threshold, .75, 1e-12);
  EXPECT_EQ(judged.num_judged, 4);
  EXPECT_EQ(judged.num_wrong, 0);
  EXPECT_EQ(judged.num_above, 2);
  EXPECT_EQ(judged.num_alike_above, 2);
}

TEST(JudgedThreshold, HasTheFewestWrongAnswersAndOfSeveralIsTheHighest) {
  // Thresholds below .9 and below .7 have one wrong answer each.
  const auto judged = threshold_from({{.9, true}, {.8, false}, {.7, true}, {.6, false}});
  EXPECT_EQ(judged.num_wrong, 1);
  EXPECT_NEAR(judged.threshold, .85, 1e-12);
}

TEST(JudgedThreshold, KeepsEqualPairsOnOneSide) {
  const auto judged = threshold_from({{.9, true}, {.8, true}, {.8, false}, {.8, true}, {.5, false}});
  EXPECT_NEAR(judged.threshold, .65, 1e-12);
  EXPECT_EQ(judged.num_above, 4);
  EXPECT_EQ(judged.num_alike_above, 3);
}

TEST(JudgedThreshold, IsTheLeastSimilarPairWhereAllAreAlike) {
  const auto judged = threshold_from({{.9, true}, {.8, true}});
  EXPECT_EQ(judged.threshold, .8);
  EXPECT_EQ(judged.precision_high, 1);
}

TEST(JudgedThreshold, RefusesAnswersThatSayNothing) {
  expect_error(ErrorCode::invalid_argument, "no pair was judged", [] { threshold_from({}); });
  expect_error(ErrorCode::invalid_argument, "none of the judged pairs is alike", [] { threshold_from({{.9, false}}); });
  // Above all pairs one answer is wrong, at .7 two.
  expect_error(ErrorCode::invalid_argument, "less similar than those that are not",
               [] { threshold_from({{.9, false}, {.8, false}, {.7, true}}); });
  EXPECT_EQ(threshold_from({{.9, false}, {.7, true}}).num_wrong, 1);
}

}  // namespace
}  // namespace simile
