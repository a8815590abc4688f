// SPDX-License-Identifier: Apache-2.0
// SSIM of images that are large enough for pools, on the emulated device: what pools reject, what is evaluated one by
// one, and what is screened as a whole, against the host.
#include "simile/similarity/ssim.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "cuda/ssim_on_device.hpp"
#include "similarity/ssim_pools.hpp"

namespace simile::cuda {
namespace {

TEST_F(SsimOnDevice, IsTheHostsAtAnyThreshold) {
  for (const auto& [height, width] : {std::pair{24, 24}, std::pair{31, 40}, std::pair{64, 26}}) {
    ASSERT_TRUE(SsimPools::pay(height, width));
    const auto images = mixed_images(70, height, width);
    const SsimMetric metric(images.view());
    // From all but nothing left to all but everything: one by one, and as a whole.
    for (const double threshold : {0.99, 0.9, 0.6, 0.2, 0.0, -0.5, -1.0, -2.0}) {
      for (const SinkKind& kind : sink_kinds(threshold, 1 << 16)) {
        if (kind.name != "components" && kind.name != "edges") continue;
        ASSERT_EQ(on_device(metric, kind), on_host(metric, kind)) << kind.name << ", " << threshold;
      }
    }
  }
}

TEST_F(SsimOnDevice, IsInclusiveAtThePairsThemselves) {
  const auto images = mixed_images(33, 26, 25);
  const SsimMetric metric(images.view());
  std::vector<double> all;
  for (std::int64_t i = 0; i < 33; ++i) {
    for (std::int64_t j = i + 1; j < 33; ++j) all.push_back(metric.exact(i, j));
  }
  std::sort(all.begin(), all.end());
  for (std::size_t k = 5; k < all.size(); k += 41) {
    for (const double threshold : {all[k], std::nextafter(all[k], 2.0), std::nextafter(all[k], -2.0)}) {
      const SinkKind kind = sink_kinds(threshold, 1 << 16)[1];
      ASSERT_EQ(on_device(metric, kind), on_host(metric, kind)) << threshold;
    }
  }
}

TEST_F(SsimOnDevice, NeedsNoEvaluationInDoubleWherePoolsDecide) {
  std::vector<Array<std::uint8_t, 2>> all;
  for (std::uint64_t k = 0; k < 64; ++k) all.push_back(natural_image(32, 32, 100 + k));
  const auto images = stack(all);
  const SsimMetric metric(images.view());
  const SinkKind kind = sink_kinds(0.95, 1 << 16).front();
  const std::string expected = on_host(metric, kind);
  EXPECT_EQ(on_device(metric, kind), expected);
  EXPECT_LT(stats_.exact_evaluations, stats_.pairs / 20);
}

// A launch is a row of a tile then.
TEST_F(SsimOnDevice, IsTheHostsWhereDoublesAreSlow) {
  const auto images = mixed_images(70, 24, 24);
  const SsimMetric metric(images.view());
  const auto launches_of = [&](const SinkKind& kind) {
    const std::int64_t before = emulator::launches();
    EXPECT_EQ(on_device(metric, kind), on_host(metric, kind)) << kind.name;
    return emulator::launches() - before;
  };
  for (const SinkKind& kind : sink_kinds(0.8, 1 << 16)) {
    const std::int64_t launches = launches_of(kind);
    emulator::set_singles_per_double(1 << 30);
    if (kind.name == "row_sums") {
      EXPECT_EQ(launches_of(kind), launches + 69);
    } else {
      EXPECT_EQ(launches_of(kind), launches);
    }
    emulator::set_singles_per_double(2);
  }
}

TEST_F(SsimOnDevice, EvaluatesFewPairsOneByOneUnlessDoublesAreSlow) {
  std::vector<Array<std::uint8_t, 2>> all;
  for (std::uint64_t k = 0; k < 63; ++k) all.push_back(natural_image(32, 32, 100 + k));
  all.push_back(near_duplicate(all[0].view(), 3, 5));
  const auto images = stack(all);
  const SsimMetric metric(images.view());
  // No screen decides the pair that is the threshold: it stays open but for who evaluates it at once.
  const SinkKind kind = sink_kinds(metric.exact(0, 63), 1 << 16).front();
  const std::string expected = on_host(metric, kind);
  EXPECT_EQ(on_device(metric, kind), expected);
  EXPECT_EQ(stats_.exact_evaluations, 0);
  emulator::set_singles_per_double(1 << 30);
  EXPECT_EQ(on_device(metric, kind), expected);
  emulator::set_singles_per_double(2);
  EXPECT_GT(stats_.exact_evaluations, 0);
}

TEST_F(SsimOnDevice, KeepsItsPoolsWithinTheBudget) {
  const auto images = mixed_images(90, 28, 28);
  const SsimMetric metric(images.view());
  const SinkKind kind = sink_kinds(0.8, 1 << 16).front();
  const std::string expected = on_host(metric, kind);
  for (const std::int64_t bytes : {200'000, 400'000, 4'000'000}) {
    emulator::reset_peak_memory();
    EXPECT_EQ(on_device(metric, kind, bytes), expected);
    EXPECT_LE(emulator::peak_memory(), static_cast<std::size_t>(bytes) + 8192);
  }
}

}  // namespace
}  // namespace simile::cuda
