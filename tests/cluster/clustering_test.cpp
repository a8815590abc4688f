// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/clustering.hpp"

#include <ostream>
#include <string>

#include <gmock/gmock.h>

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"

namespace simile {
namespace {

using Items = std::vector<std::int64_t>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
  const char* name;
  Items labels;
  std::int64_t min_size;
  std::vector<Items> members;
  Items outliers;
};

std::ostream& operator<<(std::ostream& out, const Case& value) { return out << value.name; }
std::string case_name(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

class Clusterings : public ::testing::TestWithParam<Case> {};

TEST_P(Clusterings, AreNumberedBySizeThenBySmallestMember) {
  const auto clustering = make_clustering(GetParam().labels, GetParam().min_size);
  EXPECT_EQ(clustering.members, GetParam().members);
  EXPECT_EQ(clustering.outliers, GetParam().outliers);
  Items expected(GetParam().labels.size(), kOutlier);
  for (std::size_t k = 0; k < GetParam().members.size(); ++k) {
    for (const auto item : GetParam().members[k])
      expected[static_cast<std::size_t>(item)] = static_cast<std::int64_t>(k);
  }
  EXPECT_EQ(clustering.cluster, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Hand, Clusterings,
    ::testing::Values(Case{"Empty", {}, 2, {}, {}}, Case{"OneItemAlone", {0}, 2, {}, {0}},
                      Case{"OneItemIsEnough", {0}, 1, {{0}}, {}}, Case{"AllOutliers", {0, 1, 2}, 2, {}, {0, 1, 2}},
                      Case{"AllInOne", {0, 0, 0}, 2, {{0, 1, 2}}, {}},
                      // The larger cluster is first although its smallest member comes later.
                      Case{"LargestFirst", {0, 1, 0, 1, 1}, 2, {{1, 3, 4}, {0, 2}}, {}},
                      Case{"TiesBySmallestMember", {0, 1, 2, 2, 1, 0}, 2, {{0, 5}, {1, 4}, {2, 3}}, {}},
                      Case{"OutliersAscend", {0, 1, 2, 1, 4}, 2, {{1, 3}}, {0, 2, 4}},
                      Case{"MinSizeIsInclusive", {0, 0, 0, 3, 3, 5}, 3, {{0, 1, 2}}, {3, 4, 5}},
                      Case{"MinSizeOneLeavesNoOutlier", {0, 1, 1}, 1, {{1, 2}, {0}}, {}},
                      Case{"MinSizeBeyondAll", {0, 0, 0}, 4, {}, {0, 1, 2}}),
    case_name);

TEST(Clustering, RefusesAMinimumSizeBelowOne) { EXPECT_THROW(make_clustering({0}, 0), Error); }

TEST(Clustering, CountsGroupedItems) {
  const auto clustering = make_clustering({0, 0, 2, 3, 3}, 2);
  EXPECT_EQ(clustering.num_items(), 5);
  EXPECT_EQ(clustering.num_clusters(), 2);
  EXPECT_EQ(clustering.num_grouped(), 4);
}

// A partition at random: every item once, sizes descending, ties by smallest member.
TEST(Clustering, KeepsItsPromisesForRandomLabels) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Items labels(static_cast<std::size_t>(1 + random.below(60)));
    for (std::size_t k = 0; k < labels.size(); ++k) {
      const auto earlier = random.below(k + 1);  // a component's name is its smallest item
      labels[k] = earlier == k ? static_cast<std::int64_t>(k) : labels[static_cast<std::size_t>(earlier)];
    }
    const auto min_size = static_cast<std::int64_t>(1 + random.below(4));
    const auto clustering = make_clustering(labels, min_size);
    Items seen(labels.size(), 0);
    for (std::size_t c = 0; c < clustering.members.size(); ++c) {
      const auto& members = clustering.members[c];
      EXPECT_GE(static_cast<std::int64_t>(members.size()), min_size);
      EXPECT_TRUE(std::is_sorted(members.begin(), members.end()));
      EXPECT_EQ(labels[static_cast<std::size_t>(members.front())], members.front());
      if (c > 0) {
        const auto& before = clustering.members[c - 1];
        EXPECT_TRUE(before.size() > members.size() ||
                    (before.size() == members.size() && before.front() < members.front()));
      }
      for (const auto item : members) {
        ++seen[static_cast<std::size_t>(item)];
        EXPECT_EQ(labels[static_cast<std::size_t>(item)], members.front());
        EXPECT_EQ(clustering.cluster[static_cast<std::size_t>(item)], static_cast<std::int64_t>(c));
      }
    }
    for (const auto item : clustering.outliers) {
      ++seen[static_cast<std::size_t>(item)];
      EXPECT_EQ(clustering.cluster[static_cast<std::size_t>(item)], kOutlier);
    }
    EXPECT_EQ(seen, Items(labels.size(), 1));
  }
}

}  // namespace
}  // namespace simile
