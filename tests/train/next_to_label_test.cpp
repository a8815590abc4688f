// SPDX-License-Identifier: Apache-2.0
#include "simile/train/next_to_label.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include <gmock/gmock.h>

#include "core/expect_error.hpp"
#include "train/vectors.hpp"

namespace simile {
namespace {

using test::Work;
using ::testing::ElementsAre;

/// 60 items in three directions; within each the margin grows with the number.
struct Pool {
  Array<float, 2> vectors{{60, 3}};
  Array<float, 2> probabilities{{60, 2}};
  Pool() {
    for (std::int64_t item = 0; item < 60; ++item) {
      vectors.view()(item, item % 3) = static_cast<float>(1 + item);
      vectors.view()(item, (item + 1) % 3) = static_cast<float>(item) * 0.001F;
      const float margin = static_cast<float>(item) / 60;
      probabilities.view()(item, item % 2) = 0.5F + margin / 2;
      probabilities.view()(item, 1 - item % 2) = 0.5F - margin / 2;
    }
  }
};

const std::vector<std::int64_t> kCounts{2, 2};

std::vector<std::int64_t> chosen(const Pool& pool, NextStrategy strategy, std::int64_t count,
                                 const std::vector<std::int64_t>& labelled, std::uint64_t seed = 1) {
  const Work work(2);
  std::vector<std::int64_t> items;
  for (const auto& next : next_to_label(strategy, count, pool.probabilities.view(), pool.vectors.view(), labelled,
                                        kCounts, seed, work.context)) {
    items.push_back(next.item);
  }
  return items;
}

constexpr NextStrategy kAll[] = {NextStrategy::random, NextStrategy::entropy, NextStrategy::margin,
                                 NextStrategy::centres, NextStrategy::diverse};

TEST(NextToLabel, UncertaintyComesFirst) {
  const Pool pool;
  EXPECT_THAT(chosen(pool, NextStrategy::margin, 4, {1, 2}), ElementsAre(0, 3, 4, 5));
  EXPECT_THAT(chosen(pool, NextStrategy::entropy, 4, {1, 2}), ElementsAre(0, 3, 4, 5));
}

TEST(NextToLabel, CentresAreFarFromWhatIsLabelledAndFromEachOther) {
  const Pool pool;
  const auto items = chosen(pool, NextStrategy::centres, 2, {0});
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ((std::set<std::int64_t>{items[0] % 3, items[1] % 3}), (std::set<std::int64_t>{1, 2}));
}

TEST(NextToLabel, DiverseTakesFromEveryDirection) {
  const Pool pool;
  const auto items = chosen(pool, NextStrategy::diverse, 3, {});
  std::set<std::int64_t> directions;
  for (const auto item : items) directions.insert(item % 3);
  EXPECT_EQ(directions.size(), 3U);
}

TEST(NextToLabel, NeverRepeatsNeverTakesWhatIsLabelledAndRunsOut) {
  const Pool pool;
  for (const auto strategy : kAll) {
    for (const std::int64_t count : {0, 1, 7, 50, 57, 100}) {
      const auto items = chosen(pool, strategy, count, {3, 10, 59});
      EXPECT_EQ(std::ssize(items), std::min<std::int64_t>(count, 57)) << to_string(strategy);
      const std::set<std::int64_t> all(items.begin(), items.end());
      EXPECT_EQ(all.size(), items.size()) << to_string(strategy);
      EXPECT_FALSE(all.contains(3) || all.contains(10) || all.contains(59)) << to_string(strategy);
    }
  }
}

TEST(NextToLabel, TheSameSeedChoosesTheSame) {
  const Pool pool;
  for (const auto strategy : kAll) EXPECT_EQ(chosen(pool, strategy, 9, {5}), chosen(pool, strategy, 9, {5}));
  EXPECT_NE(chosen(pool, NextStrategy::random, 9, {5}, 1), chosen(pool, NextStrategy::random, 9, {5}, 2));
}

TEST(NextToLabel, LeavesOutWhatIsNotFiniteAndBearsEqualAndZeroVectors) {
  Pool pool;
  pool.vectors.view()(4, 0) = std::numeric_limits<float>::quiet_NaN();
  pool.probabilities.view()(5, 0) = std::numeric_limits<float>::quiet_NaN();
  for (std::int64_t item = 10; item < 60; ++item) {
    for (std::int64_t k = 0; k < 3; ++k) pool.vectors.view()(item, k) = 0;
  }
  for (const auto strategy : kAll) {
    const auto items = chosen(pool, strategy, 60, {});
    EXPECT_EQ(items.size(), 58U) << to_string(strategy);
    EXPECT_EQ(std::count(items.begin(), items.end(), 4) + std::count(items.begin(), items.end(), 5), 0);
    EXPECT_EQ(chosen(pool, strategy, 20, {}).size(), 20U) << to_string(strategy);
  }
}

TEST(NextToLabel, StrategiesHaveNames) {
  for (const auto strategy : kAll) EXPECT_EQ(parse_next_strategy(to_string(strategy)), strategy);
  expect_error(ErrorCode::invalid_argument, "--strategy 'best': allowed are random",
               [] { parse_next_strategy("best"); });
}

}  // namespace
}  // namespace simile
