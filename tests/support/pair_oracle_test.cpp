// SPDX-License-Identifier: Apache-2.0
#include "support/pair_oracle.hpp"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace simile {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr double kNothing = -std::numeric_limits<double>::infinity();

TEST(OracleNeighbours, OfHandWorkedPairs) {
  const std::vector<OraclePair> pairs{{0, 1, .5}, {0, 2, .5}, {1, 2, .9}, {0, 3, kNothing}, {2, 1, .9}, {1, 1, 1}};
  const auto one_set = oracle_neighbours(4, true, pairs, 1);
  EXPECT_THAT(one_set,
              ElementsAre(ElementsAre(Pair(1, .5)), ElementsAre(Pair(2, .9)), ElementsAre(Pair(1, .9)), ElementsAre()));
  const auto two_sets = oracle_neighbours(3, false, pairs, 2);
  EXPECT_THAT(two_sets, ElementsAre(ElementsAre(Pair(1, .5), Pair(2, .5)), ElementsAre(Pair(1, 1), Pair(2, .9)),
                                    ElementsAre(Pair(1, .9))));
}

TEST(OracleSpanningForest, OfHandWorkedPairs) {
  // A triangle of ties keeps its two smallest pairs; below the floor and at -infinity there are no edges.
  const std::vector<OraclePair> pairs{{2, 1, .5}, {0, 2, .5}, {0, 1, .5}, {3, 4, .9}, {1, 3, .2}, {4, 5, kNothing}};
  const OraclePair strongest{3, 4, .9};
  EXPECT_THAT(oracle_spanning_forest(6, pairs, 0),
              ElementsAre(strongest, OraclePair{0, 1, .5}, OraclePair{0, 2, .5}, OraclePair{1, 3, .2}));
  EXPECT_THAT(oracle_spanning_forest(6, pairs, .3), ElementsAre(strongest, OraclePair{0, 1, .5}, OraclePair{0, 2, .5}));
  EXPECT_THAT(oracle_spanning_forest(6, pairs, .6), ElementsAre(strongest));
}

TEST(OracleHistogram, OfHandWorkedValues) {
  const std::vector<double> values{-9, 0, .25, .5, .75, 1, 9, kNothing};
  EXPECT_THAT(oracle_histogram(values, std::vector<double>{0, .5, 1}), ElementsAre(3, 4, 1));
}

}  // namespace
}  // namespace simile
