// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "similarity/engine.hpp"
#include "support/oracle.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

/// Scores pairs as listed, as fast as can be, so that unions collide as often as can be.
struct EdgeSets {
  const char* name;
  std::vector<IndexPair> pairs;
};

std::vector<EdgeSets> edge_sets(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  const auto any = [&] { return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n))); };
  std::vector<EdgeSets> sets;
  EdgeSets scattered{"scattered", {}};
  for (std::int64_t k = 0; k < n / 2; ++k) scattered.pairs.push_back({any(), any()});
  sets.push_back(scattered);
  EdgeSets downwards{"a path from the highest item down", {}};
  for (std::int64_t k = n - 1; k > 0; --k) downwards.pairs.push_back({k, k - 1});
  sets.push_back(downwards);
  EdgeSets star{"a star around the last item", {}};
  for (std::int64_t k = 0; k + 1 < n; ++k) star.pairs.push_back({n - 1, k});
  sets.push_back(star);
  EdgeSets chain{"a path in scrambled order", {}};
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
  for (std::size_t k = 1; k < order.size(); ++k) chain.pairs.push_back({order[k - 1], order[k]});
  for (std::size_t k = chain.pairs.size(); k > 1; --k) std::swap(chain.pairs[k - 1], chain.pairs[random.below(k)]);
  sets.push_back(chain);
  return sets;
}

// Tiles of a list hold 1,024 pairs, so that eight workers unite the same few trees at once.
TEST(ComponentsThreads, FindTheSameSetsUnderContention) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::uint64_t kSeeds = 1;
#else
  constexpr std::uint64_t kSeeds = 4;
#endif
  constexpr std::int64_t kItems = 20000;
  const FunctionMetric metric(kItems, kItems, [](auto, auto) { return 1.0; });
  Engine engine(8);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const auto& set : edge_sets(kItems, seed)) {
      std::vector<std::pair<std::int64_t, std::int64_t>> edges;
      for (const auto& [left, right] : set.pairs) edges.emplace_back(left, right);
      const auto expected = oracle_components(kItems, edges);
      for (int round = 0; round < 3; ++round) {
        ASSERT_EQ(labels_of(engine, Pairs::list(set.pairs, kItems), metric, 1), expected) << set.name;
      }
    }
  }
}

TEST(ComponentsThreads, SkipSettledTilesWhileOthersUnite) {
  Engine engine(8);
  FunctionMetric metric(600, 600, [](std::int64_t i, std::int64_t j) { return (i * 7 + j * 7) % 5 == 0 ? 1.0 : 0.0; });
  metric.edge = 4;
  const Pairs pairs = Pairs::triangle(600);
  const auto expected = expected_labels(pairs, metric, 1);
  for (int round = 0; round < 5; ++round) ASSERT_EQ(labels_of(engine, pairs, metric, 1), expected);
}

TEST(EdgesThreads, SpillFromEveryWorker) {
  Engine engine(8);
  const FunctionMetric metric(400, 400, hashed_similarity);
  const Pairs pairs = Pairs::triangle(400);
  EXPECT_EQ(edges_of(engine, pairs, metric, 0.2, {.memory_bytes = 1, .spill_folder = {}}),
            expected_edges(pairs, metric, 0.2));
}

}  // namespace
}  // namespace simile
