// SPDX-License-Identifier: Apache-2.0
// SSIM's screens of whole tiles on the emulated device, by plain cores and by tensor cores, and all decisions by the
// latter, against the host.
#include "cuda/similarity/ssim/ssim_tensor.cuh"

#include <cmath>
#include <cstdlib>
#include <type_traits>
#include <vector>

#include "cuda/ssim_on_device.hpp"
#include "similarity/hard_images.hpp"
#include "similarity/ssim_pools.hpp"

#include "simile/similarity/ssim.hpp"

namespace simile::cuda {
namespace {

void expect_intervals_of(const Array<std::uint8_t, 3>& images) {
  const SsimMetric metric(images.view());
  const emulator::DeviceArray<std::uint8_t> pixels(
      std::vector<std::uint8_t>(images.data(), images.data() + images.size()));
  const GreyRows rows{pixels.data(), 0, static_cast<int>(images.shape(1)), static_cast<int>(images.shape(2))};
  const auto blocks = [&](int edge) { return static_cast<unsigned>((images.shape(0) + edge - 1) / edge); };
  const auto check = [&](auto* kernel, int edge) {
    expect_intervals(metric, [&](const DeviceTile& tile, const DeviceCollect& sink) {
      emulator::run(dim3(blocks(edge), blocks(edge)), dim3(kSsimThreads, kSsimThreads), kernel, tile, rows, rows,
                    Cores{}, sink, static_cast<const unsigned long long*>(nullptr), 0ULL);
    });
  };
  check(ssim_tile<DeviceCollect>, kSsimEdge);
  check(ssim_tensor_tile<DeviceCollect>, kTensorEdge);
}

class SsimTilesOfSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SsimTilesOfSize,
                         testing::Values(Size{7, 7}, Size{8, 20}, Size{8, 21}, Size{17, 23}, Size{9, 48}, Size{9, 49},
                                         Size{7, 120}, Size{60, 7}),
                         size_name);

TEST_P(SsimTilesOfSize, KeepTheirIntervals) {
  const auto [height, width] = GetParam();
  expect_intervals_of(hard_images(height, width, 1));
  expect_intervals_of(mixed_images(24, height, width));
}

// Where a float's rounding reaches furthest: large products, no variance. (Sizes: many windows in every run.)
TEST(SsimTiles, KeepTheirIntervalsOnFlatBrightImages) {
  for (const auto& [height, width] : {std::pair{8, 20}, std::pair{9, 48}}) {
    std::vector<Array<std::uint8_t, 2>> all;
    for (const int level : {253, 254, 255}) {
      all.push_back(constant_image(height, width, static_cast<std::uint8_t>(level)));
    }
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      all.push_back(noise_image(height, width, seed, static_cast<std::uint8_t>(254 - seed % 3), 255));
    }
    for (const int other : {0, 254}) {
      all.push_back(drawn(height, width, [&](auto y, auto x) { return (y + x) % 2 == 0 ? 255 : other; }));
      all.push_back(drawn(height, width, [&](auto y, auto x) { return y == 4 && x == 4 ? other : 255; }));
    }
    expect_intervals_of(stack(all));
  }
}

// One to 43 windows a row: one to four chunks, with every number of windows in the last one.
TEST(SsimTiles, KeepTheirIntervalsWhateverTheChunks) {
  for (std::int64_t width = 7; width < 50; ++width) expect_intervals_of(mixed_images(16, 8, width));
}

/// Compares by the screen on tensor cores, as far as the device does not reject.
class SsimByTensorCores : public SsimOnDevice {
 protected:
  void SetUp() override { setenv("SIMILE_GPU_SSIM", "tensor", 1); }  // NOLINT(concurrency-mt-unsafe): no thread reads
  void TearDown() override { unsetenv("SIMILE_GPU_SSIM"); }          // NOLINT(concurrency-mt-unsafe): no thread reads
};

TEST_F(SsimByTensorCores, FindWhatTheHostFindsAroundEveryEdgeOfTheirTiles) {
  for (const std::int64_t count : {2, 15, 16, 17, 33, 63, 64, 65, 128, 129}) {
    const auto images = mixed_images(count, 8, 9);
    const SsimMetric metric(images.view());
    for (const SinkKind& kind : sink_kinds(0.5, 1 << 16)) {
      ASSERT_EQ(on_device(metric, kind), on_host(metric, kind)) << kind.name << ", " << count;
    }
  }
}

TEST_F(SsimByTensorCores, FindWhatTheHostFindsInRectangles) {
  for (const auto& [left, right] : {std::pair{1, 65}, std::pair{64, 63}, std::pair{65, 7}, std::pair{130, 64}}) {
    const auto rows = mixed_images(left, 9, 11);
    const auto cols = mixed_images(right + 5, 9, 11);
    const SsimMetric metric(rows.view(), {cols.data() + 5 * 99, {right, 9, 11}});
    const Pairs pairs = Pairs::rectangle(left, right);
    for (const SinkKind& kind : sink_kinds(0.5, 1 << 16)) {
      ASSERT_EQ(on_device(pairs, metric, kind), on_host(pairs, metric, kind)) << kind.name << ", " << left;
    }
  }
}

TEST_F(SsimByTensorCores, LeaveOpenOnlyWhatLiesInTheBand) {
  const auto images = mixed_images(65, 10, 30);
  const SsimMetric metric(images.view());
  const double threshold = 0.7;
  std::int64_t near = 0;
  for (std::int64_t i = 0; i < 65; ++i) {
    for (std::int64_t j = i + 1; j < 65; ++j) near += std::abs(metric.exact(i, j) - threshold) < 1e-5 ? 1 : 0;
  }
  const SinkKind kind = sink_kinds(threshold, 1 << 16).front();
  const std::string expected = on_host(metric, kind);
  EXPECT_EQ(on_device(metric, kind), expected);
  EXPECT_LE(stats_.exact_evaluations, near);
}

TEST_F(SsimByTensorCores, ScreenWhatPoolsLeaveInLargeNumbers) {
  const auto images = mixed_images(40, 24, 25);
  ASSERT_TRUE(SsimPools::pay(24, 25));
  const SsimMetric metric(images.view());
  for (const double threshold : {0.95, 0.1}) {
    for (const SinkKind& kind : sink_kinds(threshold, 1 << 16)) {
      ASSERT_EQ(on_device(metric, kind), on_host(metric, kind)) << kind.name << ", " << threshold;
    }
  }
}

}  // namespace
}  // namespace simile::cuda
