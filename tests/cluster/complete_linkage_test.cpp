// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/complete_linkage.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

using testing::ElementsAre;
using Labels = std::vector<std::int64_t>;

Labels groups_of(const Metric& metric, double threshold, std::int64_t memory_bytes = kPlentyOfMemory) {
  Engine engine(2);
  const Pairs pairs = Pairs::triangle(metric.num_left());
  Edges edges(threshold, {});
  engine.compare(pairs, metric, edges);
  const auto labels = labels_of(engine, pairs, metric, threshold);
  return complete_linkage(edges, labels,
                          {engine.pool, *engine.progress, engine.cancellation, memory_bytes, engine.device});
}

/// The definition, step by step, over all pairs of clusters.
Labels greedy_groups(const Metric& metric, double threshold) {
  std::vector<Labels> clusters;
  for (std::int64_t item = 0; item < metric.num_left(); ++item) clusters.push_back({item});
  const auto least = [&](const Labels& a, const Labels& b) {
    double similarity = kInfinity;
    for (const auto i : a) {
      for (const auto j : b) similarity = std::min(similarity, metric.exact(std::min(i, j), std::max(i, j)));
    }
    return similarity;
  };
  for (;;) {
    std::optional<std::tuple<double, std::size_t, std::size_t>> best;  // clusters stay in the order of smallest items
    for (std::size_t a = 0; a < clusters.size(); ++a) {
      for (std::size_t b = a + 1; b < clusters.size(); ++b) {
        const double similarity = least(clusters[a], clusters[b]);
        if (similarity >= threshold && (!best || similarity > std::get<0>(*best))) best = std::tuple(similarity, a, b);
      }
    }
    if (!best) break;
    const auto [similarity, a, b] = *best;
    clusters[a].insert(clusters[a].end(), clusters[b].begin(), clusters[b].end());
    clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(b));
  }
  Labels labels(static_cast<std::size_t>(metric.num_left()));
  for (const auto& cluster : clusters) {
    for (const auto item : cluster) {
      labels[static_cast<std::size_t>(item)] = *std::min_element(cluster.begin(), cluster.end());
    }
  }
  return labels;
}

TEST(CompleteLinkage, EqualsTheDefinitionStepByStep) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto levels = static_cast<double>(2 + seed % 9 * seed % 40);  // few: many ties; many: hardly any
    const std::int64_t n = 3 + static_cast<std::int64_t>(seed % 23);
    const FunctionMetric metric(n, n, [&](std::int64_t i, std::int64_t j) {
      const double value = hashed_similarity(i + static_cast<std::int64_t>(seed) * 1000, j);
      // Groups, so that clusters grow beyond pairs.
      return std::floor((i % 3 == j % 3 ? 0.5 + value / 2 : value) * levels) / levels;
    });
    for (const double threshold : {-1.0, 0.2, 0.5, 0.75}) {
      ASSERT_EQ(groups_of(metric, threshold), greedy_groups(metric, threshold)) << seed << ", " << threshold;
    }
  }
}

TEST(CompleteLinkage, CutsAChain) {
  // 0 - 1 - 2 - 3 - 4 are alike to their neighbours only; the closest are 2 and 3.
  const FunctionMetric metric(5, 5, [](std::int64_t i, std::int64_t j) {
    return j - i > 1 ? 0.1 : i == 2 ? 0.9 : 0.8;
  });
  EXPECT_THAT(groups_of(metric, 0.5), ElementsAre(0, 0, 2, 2, 4));
}

TEST(CompleteLinkage, GivesTiesToTheSmallestPair) {
  const FunctionMetric ring(4, 4, [](std::int64_t i, std::int64_t j) { return (j - i) % 2 == 1 ? 0.5 : 0.0; });
  EXPECT_THAT(groups_of(ring, 0.5), ElementsAre(0, 0, 2, 2));
  const FunctionMetric all(4, 4, [](auto, auto) { return 0.5; });
  EXPECT_THAT(groups_of(all, 0.5), ElementsAre(0, 0, 0, 0));
}

TEST(CompleteLinkage, LeavesNoTwoGroupsThatAreWhollyAlike) {
  const FunctionMetric metric(150, 150, hashed_similarity);
  const auto groups = groups_of(metric, 0.3);
  const auto wholly_alike = [&](std::int64_t a, std::int64_t b) {
    for (std::int64_t i = 0; i < 150; ++i) {
      for (std::int64_t j = i + 1; j < 150; ++j) {
        const auto of = [&](std::int64_t item) { return groups[static_cast<std::size_t>(item)]; };
        const bool across = (of(i) == a && of(j) == b) || (of(i) == b && of(j) == a);
        if (across && metric.exact(i, j) < 0.3) return false;
      }
    }
    return true;
  };
  Labels names = groups;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (std::size_t k = 0; k < names.size(); ++k) {
    EXPECT_TRUE(wholly_alike(names[k], names[k])) << "inside " << names[k];
    for (std::size_t other = k + 1; other < names.size(); ++other) {
      EXPECT_FALSE(wholly_alike(names[k], names[other])) << names[k] << " and " << names[other];
    }
  }
}

TEST(CompleteLinkage, TakesComponentsInPartsWhenMemoryIsShort) {
  // Ten components of six items, 15 pairs each.
  const FunctionMetric metric(
      60, 60, [](std::int64_t i, std::int64_t j) { return i / 6 == j / 6 ? 0.5 + hashed_similarity(i, j) / 2 : 0; });
  const auto expected = groups_of(metric, 0.6);
  EXPECT_EQ(groups_of(metric, 0.6, 3200), expected);
  EXPECT_EQ(groups_of(metric, 0.6, 1500), expected);
  expect_error(ErrorCode::out_of_memory, "similar pairs of one component", [&] { groups_of(metric, 0.1, 1000); });
}

TEST(CompleteLinkage, RefusesComponentsThatAreTooLarge) {
  const std::int64_t n = kMaxCompleteLinkageItems + 1;
  std::vector<IndexPair> path;
  for (std::int64_t k = 1; k < n; ++k) path.push_back({k - 1, k});
  Engine engine(2);
  const FunctionMetric metric(n, n, [](auto, auto) { return 1.0; });
  Edges edges(1, {});
  engine.compare(Pairs::list(path, n), metric, edges);
  const Labels labels(static_cast<std::size_t>(n), 0);
  expect_error(ErrorCode::invalid_argument, "20001 images; allowed are 20000", [&] {
    complete_linkage(edges, labels, {engine.pool, *engine.progress, engine.cancellation, kPlentyOfMemory, {}});
  });
}

TEST(CompleteLinkage, StopsWhenCancelled) {
  Engine engine(1);
  const FunctionMetric metric(5, 5, [](auto, auto) { return 1.0; });
  Edges edges(1, {});
  engine.compare(Pairs::triangle(5), metric, edges);
  engine.cancellation.request();
  expect_error(ErrorCode::cancelled, "interrupted", [&] {
    complete_linkage(edges, Labels(5, 0), {engine.pool, *engine.progress, engine.cancellation, kPlentyOfMemory, {}});
  });
}

TEST(CompleteLinkage, OfNothingIsNothing) {
  const FunctionMetric none(0, 0, hashed_similarity);
  EXPECT_TRUE(groups_of(none, 0.5).empty());
  const FunctionMetric one(1, 1, hashed_similarity);
  EXPECT_THAT(groups_of(one, 0.5), ElementsAre(0));
}

}  // namespace
}  // namespace simile
