// SPDX-License-Identifier: Apache-2.0
// SSIM with Gaussian windows on the emulated device: the screen of a tile, the definition, and what both decide,
// against the host.
#include "cuda/similarity/ssim/ssim_gaussian.cuh"

#include <algorithm>
#include <cmath>
#include <vector>

#include <cuda_emulator.hpp>

#include "cuda/similarity/ssim/grey_block.hpp"
#include "cuda/similarity/ssim/team_ssim.cuh"
#include "cuda/ssim_on_device.hpp"
#include "similarity/hard_images.hpp"

#include "simile/similarity/ssim_gaussian.hpp"

namespace simile::cuda {
namespace {

/// Images on the device, with their maps.
struct OnDevice {
  explicit OnDevice(const Array<std::uint8_t, 3>& images) {
    const Range all{0, images.shape(0)};
    block.load(gpu, {images.view(), GreyItems::Window::gaussian}, all);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    block.prepare(gpu, all);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  }

  Gpu gpu{1 << 28};
  GreyBlock block;
};

void expect_intervals_of(const Array<std::uint8_t, 3>& images) {
  const OnDevice on_device(images);
  const GaussianSide side = on_device.block.gaussian_side();
  const auto blocks = static_cast<unsigned>(blocks_for(images.shape(0), kGaussianEdge));
  expect_intervals(SsimGaussianMetric(images.view()), [&](const DeviceTile& tile, const DeviceCollect& sink) {
    emulator::run(dim3(blocks, blocks), dim3(kGaussianThreads, kGaussianThreads), ssim_gaussian_tile<DeviceCollect>,
                  tile, side, side, Cores{}, sink);
  });
}

class SsimGaussianTilesOfSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SsimGaussianTilesOfSize,
                         testing::Values(Size{11, 11}, Size{11, 12}, Size{12, 11}, Size{17, 21}, Size{13, 22},
                                         Size{13, 39}, Size{28, 28}, Size{11, 90}, Size{80, 11}),
                         size_name);

TEST_P(SsimGaussianTilesOfSize, KeepTheirIntervals) {
  const auto [height, width] = GetParam();
  expect_intervals_of(hard_images(height, width, 1));
  expect_intervals_of(mixed_images(20, height, width));
}

TEST_P(SsimGaussianTilesOfSize, AreTheDefinitionWhereTheyAreEvaluated) {
  const auto [height, width] = GetParam();
  const auto images = hard_images(height, width, 2);
  const OnDevice on_device(images);
  const GaussianSide side = on_device.block.gaussian_side();
  expect_intervals(
      SsimGaussianMetric(images.view()),
      [&](const DeviceTile& tile, const DeviceCollect& sink) {
        emulator::run(dim3(7), dim3(kThreads), show_tile_exactly<TeamGaussian, DeviceCollect>, tile,
                      TeamGaussian{side, side}, Cores{}, sink);
      },
      /*exactly=*/true);
}

// One to 44 windows a row: with every number of them in the last columns that are taken at a time.
TEST(SsimGaussianTiles, KeepTheirIntervalsWhateverTheWidth) {
  for (std::int64_t width = 11; width < 55; ++width) expect_intervals_of(mixed_images(16, 12, width));
}

// Bands serve decisions only where they are narrow.
TEST(SsimGaussianTiles, HaveNarrowIntervalsOnPhotos) {
  std::vector<Array<std::uint8_t, 2>> photos;
  for (std::uint64_t seed = 0; seed < 8; ++seed) photos.push_back(natural_image(64, 64, seed));
  for (std::uint64_t seed = 8; seed < 12; ++seed) photos.push_back(noise_image(64, 64, seed, 254, 255));
  const OnDevice on_device(stack(photos));
  const GaussianMaps maps = on_device.block.gaussian_side().maps;
  for (std::int64_t k = 0; k < 12; ++k) {
    EXPECT_LT(gaussian_band(maps.reach(k), maps.reach(k)), 5e-5) << k;
    EXPECT_GT(maps.reach(k), 0) << k;
  }
}

using SsimGaussianOnDevice = SsimOnDevice;

TEST_F(SsimGaussianOnDevice, FindsWhatTheHostFindsAroundEveryEdgeOfItsTiles) {
  for (const std::int64_t count : {2, 16, 17, 31, 32, 33, 64, 65}) {
    const auto images = mixed_images(count, 13, 14);
    const SsimGaussianMetric metric(images.view());
    for (const SinkKind& kind : sink_kinds(0.5, 1 << 16)) {
      ASSERT_EQ(on_device(metric, kind), on_host(metric, kind)) << kind.name << ", " << count;
    }
  }
}

TEST_F(SsimGaussianOnDevice, FindsWhatTheHostFindsInRectangles) {
  for (const auto& [left, right] : {std::pair{1, 33}, std::pair{32, 31}, std::pair{33, 7}, std::pair{70, 32}}) {
    const auto rows = mixed_images(left, 12, 15);
    const auto cols = mixed_images(right + 5, 12, 15);
    const SsimGaussianMetric metric(rows.view(), {cols.data() + 5 * 180, {right, 12, 15}});
    const Pairs pairs = Pairs::rectangle(left, right);
    for (const SinkKind& kind : sink_kinds(0.5, 1 << 16)) {
      ASSERT_EQ(on_device(pairs, metric, kind), on_host(pairs, metric, kind)) << kind.name << ", " << left;
    }
  }
}

TEST_F(SsimGaussianOnDevice, IsInclusiveAtThePairsThemselves) {
  const auto images = mixed_images(33, 14, 19);
  const SsimGaussianMetric metric(images.view());
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

TEST_F(SsimGaussianOnDevice, EvaluatesTheDefinitionOnlyWhereTheScreenLeavesItOpen) {
  const auto images = mixed_images(65, 20, 24);
  const SsimGaussianMetric metric(images.view());
  const double threshold = 0.7;
  const SinkKind kind = sink_kinds(threshold, 1 << 16).front();
  const std::string expected = on_host(metric, kind);
  EXPECT_EQ(on_device(metric, kind), expected);
  EXPECT_LT(stats_.exact_evaluations, stats_.pairs / 100);
}

TEST_F(SsimGaussianOnDevice, KeepsItsMapsWithinTheBudget) {
  const auto images = mixed_images(70, 16, 18);
  const SsimGaussianMetric metric(images.view());
  const SinkKind kind = sink_kinds(0.8, 1 << 16).front();
  const std::string expected = on_host(metric, kind);
  for (const std::int64_t bytes : {50'000, 90'000, 4'000'000}) {
    emulator::reset_peak_memory();
    EXPECT_EQ(on_device(metric, kind, bytes), expected);
    EXPECT_LE(emulator::peak_memory(), static_cast<std::size_t>(bytes) + 8192);
  }
}

// Its tiles need no scratch, but for the pairs of a list.
TEST_F(SsimGaussianOnDevice, KeepsListsWithinTheBudget) {
  constexpr std::int64_t kImages = 70;
  const auto images = mixed_images(kImages, 20, 20);
  const SsimGaussianMetric metric(images.view());
  std::vector<IndexPair> list;
  for (std::int64_t k = 0; k < 3000; ++k) list.push_back({k * k % kImages, (k * 31 + k / 7) % kImages});
  const Pairs pairs = Pairs::list(list, kImages);
  const SinkKind kind = sink_kinds(0.8, 1 << 16).front();
  const std::string expected = on_host(pairs, metric, kind);
  const std::int64_t items = kImages * (20 * 20 + GaussianMapMemory::bytes_per_item(20, 20));
  for (const std::int64_t more : {70'000, 80'000, 90'000, 110'000}) {
    emulator::reset_peak_memory();
    EXPECT_EQ(on_device(pairs, metric, kind, items + more), expected) << more;
    EXPECT_GT(emulator::peak_memory(), static_cast<std::size_t>(items)) << more;
    EXPECT_LE(emulator::peak_memory(), static_cast<std::size_t>(items + more) + 8192) << more;
  }
}

}  // namespace
}  // namespace simile::cuda
