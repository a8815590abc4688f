// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/purity.hpp"

#include <gmock/gmock.h>

namespace simile {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using Classes = std::vector<std::string>;

TEST(Purity, IsTheShareOfTheMostFrequentClass) {
  // {a a b} gives 2 of 3, {c c} gives 2 of 2, the outlier is not judged.
  const auto result = purity(make_clustering({0, 0, 0, 3, 3, 5}, 2), Classes{"a", "a", "b", "c", "c", "a"});
  EXPECT_EQ(result.judged, 5);
  EXPECT_EQ(result.correct, 4);
  EXPECT_DOUBLE_EQ(result.value(), 0.8);
}

TEST(Purity, IsOneWhenEveryClusterHasOneClass) {
  EXPECT_DOUBLE_EQ(purity(make_clustering({0, 0, 2, 2}, 2), Classes{"a", "a", "a", "a"}).value(), 1);
}

TEST(Purity, LeavesItemsOfUnknownClassOut) {
  const auto result = purity(make_clustering({0, 0, 0, 0}, 2), Classes{"", "a", "b", ""});
  EXPECT_EQ(result.judged, 2);
  EXPECT_EQ(result.correct, 1);
}

TEST(Purity, CountsUnknownAsNoClassEvenWhenItIsTheMostFrequent) {
  const auto result = purity(make_clustering({0, 0, 0}, 2), Classes{"", "", "a"});
  EXPECT_EQ(result.judged, 1);
  EXPECT_EQ(result.correct, 1);
}

TEST(Purity, IsZeroWhenNothingIsJudged) {
  EXPECT_EQ(purity(make_clustering({0, 1}, 2), Classes{"a", "a"}).value(), 0);  // no clusters
  EXPECT_EQ(purity(make_clustering({0, 0}, 2), Classes{"", ""}).value(), 0);    // no known class
  EXPECT_EQ(purity(make_clustering({}, 2), Classes{}).value(), 0);
}

TEST(CountClasses, CountsKnownClassesOfTheGivenItems) {
  EXPECT_THAT(count_classes({0, 2, 3, 4}, Classes{"b", "a", "a", "", "b"}), ElementsAre(Pair("a", 1), Pair("b", 2)));
  EXPECT_THAT(count_classes({}, Classes{"a"}), IsEmpty());
}

}  // namespace
}  // namespace simile
