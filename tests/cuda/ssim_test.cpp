// SPDX-License-Identifier: Apache-2.0
// SSIM of images that are large enough for pools, on the emulated device: what pools reject, what is evaluated one by
// one, and what is screened as a whole, against the host.
#include "simile/similarity/ssim.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "cuda/similarity/backend.hpp"
#include "similarity/sink_kinds.hpp"
#include "similarity/ssim_pools.hpp"
#include "support/random_images.hpp"

namespace simile::cuda {
namespace {

/// Natural ones, copies of these with more or less noise, flat ones, bright ones with one level of noise,
/// checkerboards.
Array<std::uint8_t, 3> mixed_images(std::int64_t count, std::int64_t height, std::int64_t width) {
  std::vector<Array<std::uint8_t, 2>> all;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto seed = static_cast<std::uint64_t>(k);
    switch (k % 8) {
      case 0:
        all.push_back(natural_image(height, width, seed));
        break;
      case 6:
        all.push_back(constant_image(height, width, static_cast<std::uint8_t>(k * 37 % 256)));
        break;
      case 7: {
        Array<std::uint8_t, 2> bright({height, width});
        for (std::int64_t p = 0; p < bright.size(); ++p) {
          bright.data()[p] = static_cast<std::uint8_t>(k % 16 == 7 ? 254 + (p * p + k) % 2 : (p + p / width) % 2 * 255);
        }
        all.push_back(std::move(bright));
        break;
      }
      default:
        all.push_back(near_duplicate(all[static_cast<std::size_t>(k - 1)].view(), static_cast<int>(3 * (k % 8)), seed));
    }
  }
  return stack(all);
}

class SsimOnDevice : public testing::Test {
 protected:
  std::string text(const Backend& backend, const Metric& metric, const SinkKind& kind, std::int64_t device_bytes = 0) {
    const auto sink = kind.make();
    const bool host = backend.name() == "cpu";
    const Context context{.pool = pool_,
                          .progress = *progress_,
                          .cancellation = cancellation_,
                          .memory_bytes = 1 << 26,
                          .device = host ? Device{} : Device{Device::Kind::cuda, 0},
                          .device_memory_bytes = device_bytes};
    stats_ = backend.compare(Pairs::triangle(metric.num_left()), metric, *sink, context, nullptr);
    return kind.text(*sink, metric.num_left());
  }
  std::string on_host(const Metric& metric, const SinkKind& kind) { return text(*backends().front(), metric, kind); }
  std::string on_device(const Metric& metric, const SinkKind& kind, std::int64_t bytes = 0) {
    return text(CudaBackend(), metric, kind, bytes);
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
  CompareStats stats_;
};

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
