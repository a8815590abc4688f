// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/single_linkage.hpp"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/npy.hpp"
#include "simile/similarity/cosine.hpp"

namespace simile {
namespace {

using testing::ElementsAre;

std::vector<Edge> forest_edges(const Pairs& pairs, const Metric& metric) {
  Engine engine(2);
  SpanningTree tree;
  engine.compare(pairs, metric, tree);
  return tree.edges();
}

double parse(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Written by scripts/reference/make_linkage.py.
TEST(SingleLinkage, IsScipys) {
  const std::filesystem::path folder(SIMILE_TEST_DATA);
  const auto points = NpyFile(folder / "linkage_points.npy").read_embeddings();
  const auto table = read_csv(folder / "linkage_reference.csv");
  std::vector<std::vector<DendrogramRow>> sets;
  for (const auto& row : table.rows) {
    const auto set = static_cast<std::size_t>(parse(row[table.column("set")]));
    if (set == sets.size()) sets.emplace_back();
    const auto number = [&](const char* column) { return static_cast<std::int64_t>(parse(row[table.column(column)])); };
    sets.back().push_back({number("first"), number("second"), parse(row[table.column("height")]), number("size")});
  }
  ASSERT_EQ(sets.size(), 3U);
  std::int64_t first = 0;
  for (const auto& expected : sets) {
    const auto n = static_cast<std::int64_t>(expected.size()) + 1;
    const CosineMetric metric(View<const float, 2>(points.data() + first * points.shape(1), {n, points.shape(1)}));
    const auto rows = single_linkage(forest_edges(Pairs::triangle(n), metric), n);
    ASSERT_EQ(rows.size(), expected.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      EXPECT_EQ(rows[k].first, expected[k].first) << k;
      EXPECT_EQ(rows[k].second, expected[k].second) << k;
      EXPECT_EQ(rows[k].size, expected[k].size) << k;
      EXPECT_NEAR(rows[k].height, expected[k].height, 1e-12) << k;
    }
    first += n;
  }
  EXPECT_EQ(first, points.shape(0));
}

TEST(SingleLinkage, PutsWhatNothingJoinsLast) {
  const std::vector<Edge> forest{{2, 4, 0.9}, {0, 2, 0.5}};
  const auto rows = single_linkage(forest, 6, [](double similarity) { return -2 * similarity; });
  EXPECT_THAT(rows,
              ElementsAre(DendrogramRow{2, 4, -1.8, 2}, DendrogramRow{0, 6, -1, 3}, DendrogramRow{1, 7, kInfinity, 4},
                          DendrogramRow{3, 8, kInfinity, 5}, DendrogramRow{5, 9, kInfinity, 6}));
  EXPECT_TRUE(single_linkage({}, 1).empty());
  EXPECT_TRUE(single_linkage({}, 0).empty());
}

TEST(LabelsAt, AreTheComponentsOfEveryThreshold) {
  const FunctionMetric metric(50, 50, [](std::int64_t i, std::int64_t j) {
    return i % 7 == 5 ? -kInfinity : std::floor(hashed_similarity(i, j) * 50) / 50;
  });
  const Pairs pairs = Pairs::triangle(50);
  const auto forest = forest_edges(pairs, metric);
  for (const auto& edge : forest) {
    for (const double threshold : {edge.similarity, std::nextafter(edge.similarity, 2)}) {
      ASSERT_EQ(labels_at(forest, 50, threshold), expected_labels(pairs, metric, threshold)) << threshold;
    }
  }
  EXPECT_EQ(labels_at(forest, 50, -1), expected_labels(pairs, metric, -1));
}

TEST(StrongestChain, HasTheStrongestWeakestPair) {
  constexpr std::int64_t kItems = 40;
  const FunctionMetric metric(kItems, kItems, hashed_similarity);
  const auto forest = forest_edges(Pairs::triangle(kItems), metric);
  // The strongest weakest pair of all paths, by widening them (Floyd and Warshall).
  std::vector<std::vector<double>> widest(kItems, std::vector<double>(kItems));
  for (std::size_t i = 0; i < kItems; ++i) {
    for (std::size_t j = 0; j < kItems; ++j) {
      widest[i][j] = hashed_similarity(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j));
    }
  }
  for (std::size_t k = 0; k < kItems; ++k) {
    for (std::size_t i = 0; i < kItems; ++i) {
      for (std::size_t j = 0; j < kItems; ++j) {
        widest[i][j] = std::max(widest[i][j], std::min(widest[i][k], widest[k][j]));
      }
    }
  }
  for (std::int64_t from = 0; from < kItems; from += 3) {
    for (std::int64_t to = 1; to < kItems; ++to) {
      if (from == to) continue;
      const auto chain = strongest_chain(forest, kItems, from, to);
      ASSERT_TRUE(chain);
      EXPECT_EQ(chain->weakest, widest[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)]);
      ASSERT_EQ(chain->items.front(), from);
      ASSERT_EQ(chain->items.back(), to);
      ASSERT_EQ(chain->similarities.size() + 1, chain->items.size());
      for (std::size_t k = 0; k < chain->similarities.size(); ++k) {
        EXPECT_EQ(chain->similarities[k], hashed_similarity(chain->items[k], chain->items[k + 1]));
        EXPECT_GE(chain->similarities[k], chain->weakest);
      }
    }
  }
}

TEST(StrongestChain, IsShortOrMissingAtTheEnds) {
  const std::vector<Edge> forest{{0, 1, 0.75}};
  const auto self = strongest_chain(forest, 3, 1, 1);
  ASSERT_TRUE(self);
  EXPECT_THAT(self->items, ElementsAre(1));
  EXPECT_EQ(self->weakest, 1);
  const auto pair = strongest_chain(forest, 3, 1, 0);
  ASSERT_TRUE(pair);
  EXPECT_THAT(pair->items, ElementsAre(1, 0));
  EXPECT_THAT(pair->similarities, ElementsAre(0.75));
  EXPECT_FALSE(strongest_chain(forest, 3, 0, 2));
  expect_error(ErrorCode::invalid_argument, "no item 3 among 3", [&] { strongest_chain(forest, 3, 0, 3); });
  expect_error(ErrorCode::invalid_argument, "no item -1", [&] { strongest_chain(forest, 3, -1, 0); });
}

}  // namespace
}  // namespace simile
