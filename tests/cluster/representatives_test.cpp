// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <limits>

#include <gmock/gmock.h>

#include "simile/cluster/clustering.hpp"
#include "simile/core/random.hpp"

namespace simile {
namespace {

using Items = std::vector<std::int64_t>;
using ::testing::Each;
using ::testing::ElementsAre;

/// Similarities by a function of (smaller, larger) item.
class FunctionMetric final : public Metric {
 public:
  using Similarity = std::function<double(std::int64_t, std::int64_t)>;
  FunctionMetric(std::int64_t count, Similarity similarity) : count_(count), similarity_(std::move(similarity)) {}

  std::string_view name() const override { return "function"; }
  std::int64_t num_left() const override { return count_; }
  std::int64_t num_right() const override { return count_; }
  std::int64_t resident_bytes() const override { return 0; }
  Cost cost() const override { return {}; }
  double exact(std::int64_t left, std::int64_t right) const override {
    return similarity_(std::min(left, right), std::max(left, right));
  }

 private:
  std::int64_t count_;
  Similarity similarity_;
};

/// A number for a pair, the same on every machine: multiples of 1/64, so that sums are exact and ties do occur.
double random_similarity(std::int64_t low, std::int64_t high, std::uint64_t seed) {
  return static_cast<double>(
             Random(seed * 1'000'003 + static_cast<std::uint64_t>(low) * 4099 + static_cast<std::uint64_t>(high))
                 .below(65)) /
         64;
}

Representatives choose(const Clustering& clustering, const Metric& metric, std::uint64_t seed = 0, int threads = 2,
                       std::int64_t memory_bytes = 64 << 20) {
  ThreadPool pool(threads);
  const Cancellation cancellation;
  const auto progress = make_silent_progress();
  return choose_representatives(clustering, metric, seed, {pool, *progress, cancellation, memory_bytes, {}});
}

/// The definition in two loops: highest mean to the others, ties to the smallest index.
std::int64_t plain_representative(const Items& members, const Metric& metric) {
  double best_mean = -std::numeric_limits<double>::infinity();
  std::int64_t best = -1;
  for (const auto item : members) {
    double sum = 0;
    for (const auto other : members) sum += other == item ? 0 : metric.exact(item, other);
    const double mean = sum / static_cast<double>(members.size() - 1);
    if (mean > best_mean) {
      best_mean = mean;
      best = item;
    }
  }
  return best;
}

TEST(Representatives, AreThoseOfAPlainDoubleLoop) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    constexpr std::int64_t kCount = 120;
    const FunctionMetric metric(kCount, [seed](auto a, auto b) { return random_similarity(a, b, seed); });
    Items labels(kCount);
    Random random(seed);
    for (std::int64_t k = 0; k < kCount; ++k) {
      const auto earlier = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(k) + 1));
      labels[static_cast<std::size_t>(k)] =
          random.below(3) == 0 || earlier == k ? k : labels[static_cast<std::size_t>(earlier)];
    }
    const auto clustering = make_clustering(labels, 2);
    const auto chosen = choose(clustering, metric);
    ASSERT_EQ(chosen.of_cluster.size(), clustering.members.size());
    EXPECT_EQ(chosen.num_sampled, 0);
    for (std::size_t c = 0; c < clustering.members.size(); ++c) {
      EXPECT_EQ(chosen.of_cluster[c], plain_representative(clustering.members[c], metric)) << "cluster " << c;
    }
    for (std::int64_t item = 0; item < kCount; ++item) {
      const auto cluster = clustering.cluster[static_cast<std::size_t>(item)];
      const auto of = cluster == kOutlier ? item : chosen.of_cluster[static_cast<std::size_t>(cluster)];
      EXPECT_EQ(chosen.similarity[static_cast<std::size_t>(item)], of == item ? 1 : metric.exact(of, item));
    }
  }
}

TEST(Representatives, TakeTheSmallestIndexWhenAllAreEquallyAlike) {
  const FunctionMetric metric(6, [](auto, auto) { return 0.9; });
  EXPECT_THAT(choose(make_clustering({0, 1, 1, 1, 1, 0}, 2), metric).of_cluster, ElementsAre(1, 0));
}

TEST(Representatives, TakeTheFirstOfAPairAndGiveBothTheirSimilarity) {
  const FunctionMetric metric(3, [](auto, auto) { return 0.25; });
  const auto chosen = choose(make_clustering({0, 1, 1}, 2), metric);
  EXPECT_THAT(chosen.of_cluster, ElementsAre(1));
  EXPECT_THAT(chosen.similarity, ElementsAre(1, 1, 0.25));
}

TEST(Representatives, AreTheItemsThemselvesInClustersOfOne) {
  const FunctionMetric metric(2, [](auto, auto) { return 0.25; });
  const auto chosen = choose(make_clustering({0, 1}, 1), metric);
  EXPECT_THAT(chosen.of_cluster, ElementsAre(0, 1));
  EXPECT_THAT(chosen.similarity, Each(1));
}

TEST(Representatives, AreNoneWithoutClusters) {
  const FunctionMetric metric(3, [](auto, auto) { return 0.0; });
  const auto chosen = choose(make_clustering({0, 1, 2}, 2), metric);
  EXPECT_TRUE(chosen.of_cluster.empty());
  EXPECT_THAT(chosen.similarity, ElementsAre(1, 1, 1));
  EXPECT_TRUE(choose(make_clustering({}, 2), FunctionMetric(0, nullptr)).similarity.empty());
}

// More pairs than one batch holds (2^20), so that a batch is closed between clusters.
TEST(Representatives, OfManyClustersDoNotDependOnHowTheyAreBatched) {
  constexpr std::int64_t kCount = 1800;
  Items labels(kCount);
  for (std::int64_t k = 0; k < kCount; ++k) labels[static_cast<std::size_t>(k)] = k < 1500 ? 0 : 1500 + (k - 1500) % 7;
  const FunctionMetric metric(kCount, [](auto a, auto b) { return random_similarity(a, b, 5); });
  const auto clustering = make_clustering(labels, 2);
  const auto chosen = choose(clustering, metric);
  for (std::size_t c = 0; c < clustering.members.size(); ++c) {
    EXPECT_EQ(chosen.of_cluster[c], plain_representative(clustering.members[c], metric)) << "cluster " << c;
  }
}

class LargeCluster : public ::testing::Test {
 protected:
  static constexpr std::int64_t kCount = kMaxExactMembers + 1;
  static Clustering all_in_one(std::int64_t count) {
    return make_clustering(Items(static_cast<std::size_t>(count), 0), 2);
  }
  /// Every item is as alike to all others as its own weight says.
  FunctionMetric noisy_{kCount, [](auto a, auto b) { return random_similarity(a, b, 9); }};
};

TEST_F(LargeCluster, IsCountedAsSampledBeyondTheLimitOnly) {
  const FunctionMetric metric(kCount, [](auto, auto) { return 0.5; });
  EXPECT_EQ(choose(all_in_one(kMaxExactMembers), metric).num_sampled, 0);
  EXPECT_EQ(choose(all_in_one(kCount), metric).num_sampled, 1);
}

TEST_F(LargeCluster, TakesTheHighestMeanToTheSeededSample) {
  for (const std::uint64_t seed : {0U, 7U}) {
    const auto sample = sample_without_replacement(kCount, kRepresentativeSample, seed);
    double best_mean = -1;
    std::int64_t best = -1;
    for (std::int64_t item = 0; item < kCount; ++item) {
      double sum = 0;
      double count = 0;
      for (const auto other : sample) {
        if (other == item) continue;
        sum += noisy_.exact(item, other);
        ++count;
      }
      if (sum / count > best_mean) {
        best_mean = sum / count;
        best = item;
      }
    }
    EXPECT_THAT(choose(all_in_one(kCount), noisy_, seed).of_cluster, ElementsAre(best)) << "seed " << seed;
  }
}

// A member of the sample is compared with one item less: sums instead of means would never choose it.
TEST_F(LargeCluster, DoesNotPutMembersOfTheSampleAtADisadvantage) {
  const auto sampled = sample_without_replacement(kCount, kRepresentativeSample, 0)[100];
  const FunctionMetric metric(kCount, [=](auto a, auto b) { return a == sampled || b == sampled ? 0.501 : 0.5; });
  EXPECT_THAT(choose(all_in_one(kCount), metric).of_cluster, ElementsAre(sampled));
}

TEST_F(LargeCluster, TakesTheSmallestIndexAmongEqualMeans) {
  const FunctionMetric metric(kCount, [](auto, auto) { return 0.5; });
  EXPECT_THAT(choose(all_in_one(kCount), metric).of_cluster, ElementsAre(0));
}

TEST_F(LargeCluster, IsTheSameForAnyThreadsAndMemory) {
  const auto clustering = all_in_one(kCount);
  const auto reference = choose(clustering, noisy_, 3, 1);
  for (const int threads : {2, 5}) {
    for (const std::int64_t memory : {4 << 20, 256 << 20}) {
      const auto chosen = choose(clustering, noisy_, 3, threads, memory);
      EXPECT_EQ(chosen.of_cluster, reference.of_cluster) << threads << " threads, " << memory << " bytes";
      EXPECT_EQ(chosen.similarity, reference.similarity) << threads << " threads, " << memory << " bytes";
    }
  }
}

TEST(RepresentativesRun, StopsWhenAsked) {
  ThreadPool pool(2);
  Cancellation cancellation;
  cancellation.request();
  const auto progress = make_silent_progress();
  const FunctionMetric metric(4, [](auto, auto) { return 0.5; });
  const Context context{pool, *progress, cancellation, 64 << 20, {}};
  EXPECT_THROW(choose_representatives(make_clustering({0, 0, 0, 0}, 2), metric, 0, context), Error);
}

}  // namespace
}  // namespace simile
