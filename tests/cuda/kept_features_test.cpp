// SPDX-License-Identifier: Apache-2.0
// Features that stay on the device from one comparison to the next.
#include "simile/similarity/kept_features.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "cuda/similarity/backend.hpp"
#include "similarity/hard_vectors.hpp"
#include "similarity/sink_kinds.hpp"

#include "simile/similarity/cosine.hpp"
#include "simile/similarity/mutual_reachability.hpp"

namespace simile::cuda {
namespace {

class KeepingFeatures : public testing::Test {
 protected:
  /// What is found, and how many kernels that took.
  std::pair<std::string, std::int64_t> compare(const Pairs& pairs, const Metric& metric, const SinkKind& kind,
                                               bool keep = true, std::int64_t device_bytes = 1 << 24) {
    const Context context{.pool = pool_,
                          .progress = *progress_,
                          .cancellation = cancellation_,
                          .memory_bytes = 1 << 24,
                          .device = {Device::Kind::cuda, 0},
                          .device_memory_bytes = device_bytes,
                          .keep_features = keep};
    const auto sink = kind.make();
    const auto before = emulator::launches();
    CudaBackend().compare(pairs, metric, *sink, context, nullptr);
    return {kind.text(*sink, pairs.num_left()), emulator::launches() - before};
  }
  void TearDown() override {
    EXPECT_EQ(emulator::live_allocations(), 0);
    EXPECT_EQ(emulator::live_host_allocations(), 0);
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

TEST_F(KeepingFeatures, MakesTheNextComparisonShorterAndNothingElse) {
  const auto rows = hard_vectors(45, 7);
  const Pairs pairs = Pairs::triangle(36);
  for (const auto& kind : sink_kinds(0.5, 1 << 20)) {
    const CosineMetric metric(rows.view());
    const auto [expected, launches] = compare(pairs, metric, kind, false);
    EXPECT_EQ(emulator::live_allocations(), 0) << kind.name;
    EXPECT_EQ(compare(pairs, metric, kind), std::pair(expected, launches)) << kind.name;
    EXPECT_GT(emulator::live_allocations(), 0) << kind.name;
    // Rows are not rounded again.
    EXPECT_EQ(compare(pairs, metric, kind), std::pair(expected, launches - 1)) << kind.name;
    // Core similarities are another metric's, the vectors are the same.
    const std::vector<double> cores(36, 0.7);
    const CosineMetric other(rows.view());
    const auto bounded = compare(pairs, MutualReachability(other, cores), kind, false);
    EXPECT_EQ(compare(pairs, MutualReachability(metric, cores), kind), std::pair(bounded.first, bounded.second - 1));
    // Who does not keep them takes what is there, once.
    EXPECT_EQ(compare(pairs, metric, kind, false).second, launches - 1) << kind.name;
    EXPECT_EQ(emulator::live_allocations(), 0) << kind.name;
  }
}

TEST_F(KeepingFeatures, KeepsOnlyWhatIsTheSame) {
  const auto left = hard_vectors(45, 7);
  const auto right = hard_vectors(45, 8);
  const CosineMetric metric(left.view(), right.view());
  const SinkKind kind = sink_kinds(0.5, 1 << 20).front();
  const Pairs pairs = Pairs::rectangle(36, 36);
  const std::string expected = compare(pairs, metric, kind, false).first;
  compare(pairs, metric, kind);
  // Another budget: what is there was planned within the first one.
  const auto another = compare(pairs, metric, kind, true, 1 << 23);
  EXPECT_EQ(another, compare(pairs, CosineMetric(left.view(), right.view()), kind, false, 1 << 23));
  // No room for all of them: nothing stays.
  EXPECT_EQ(compare(pairs, metric, kind, true, 20000).first, expected);
  EXPECT_EQ(emulator::live_allocations(), 0);
}

TEST(KeptFeaturesSlot, GivesWhatItHoldsToOne) {
  KeptFeaturesSlot slot;
  EXPECT_EQ(slot.take(), nullptr);
  slot.put(std::make_unique<KeptFeatures>());
  EXPECT_NE(slot.take(), nullptr);
  EXPECT_EQ(slot.take(), nullptr);
}

}  // namespace
}  // namespace simile::cuda
