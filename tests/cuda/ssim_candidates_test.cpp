// SPDX-License-Identifier: Apache-2.0
// What one SSIM candidate comes to on the emulated device, at floors around what it is.
#include "cuda/similarity/ssim/ssim_candidates.cuh"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "similarity/ssim_pools.hpp"
#include "support/cuda_emulator/device_array.hpp"
#include "support/random_images.hpp"

#include "simile/similarity/ssim.hpp"

namespace simile::cuda {
namespace {

__global__ void evaluate_candidates(const ScoredPair* pairs, int count, CandidateSsim ssim, double* results) {
  const Team team = Team::here();
  for (int k = static_cast<int>(threadIdx.x) / kTeam; k < count; k += kThreads / kTeam) {
    // The pair's `low` is the floor.
    ssim.floor = pairs[k].low;
    const double result = ssim(pairs[k], team);
    if (team.lane == 0) results[k] = result;
  }
}

/// Natural images, noisy copies, flat ones, bright ones with one level of noise, and halves that are alike.
Array<std::uint8_t, 3> images_of(std::int64_t height, std::int64_t width) {
  std::vector<Array<std::uint8_t, 2>> all;
  for (std::uint64_t k = 0; k < 3; ++k) all.push_back(natural_image(height, width, k));
  all.push_back(near_duplicate(all[0].view(), 6, 1));
  all.push_back(near_duplicate(all[1].view(), 40, 2));
  for (const int level : {0, 254, 255}) {
    all.push_back(constant_image(height, width, static_cast<std::uint8_t>(level)));
  }
  Array<std::uint8_t, 2> bright({height, width});
  Array<std::uint8_t, 2> above({height, width});
  Array<std::uint8_t, 2> below({height, width});
  for (std::int64_t p = 0; p < bright.size(); ++p) {
    bright.data()[p] = static_cast<std::uint8_t>(254 + p * p % 3 % 2);
    const bool first = p < bright.size() / 2;
    above.data()[p] = first ? all[0].data()[p] : all[1].data()[p];
    below.data()[p] = first ? all[1].data()[p] : all[0].data()[p];
  }
  all.push_back(std::move(bright));
  all.push_back(std::move(above));
  all.push_back(std::move(below));
  return stack(all);
}

class CandidatesOfSize : public testing::TestWithParam<std::pair<std::int64_t, std::int64_t>> {};

INSTANTIATE_TEST_SUITE_P(Sizes, CandidatesOfSize,
                         testing::Values(std::pair{7, 7}, std::pair{7, 40}, std::pair{43, 8}, std::pair{29, 31},
                                         std::pair{64, 64}),
                         [](const auto& size) {
                           return std::to_string(size.param.first) + "x" + std::to_string(size.param.second);
                         });

TEST_P(CandidatesOfSize, AreExactOrSurelyBelowTheFloor) {
  const auto [height, width] = GetParam();
  const auto images = images_of(height, width);
  const std::int64_t count = images.shape()[0];
  const SsimPools pools(images.view());
  pools.prepare({0, count});
  const SsimPoolGrid grid = pools.grid();
  const SsimMetric metric(images.view());

  std::vector<ScoredPair> asked;  // low: the floor, high: the similarity
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = i; j < count; ++j) {
      const double exact = metric.exact(i, j);
      for (const double floor : {exact, std::nextafter(exact, 2.0), std::nextafter(exact, -2.0), exact - 0.01,
                                 exact + 0.01, exact + 0.3, 0.9}) {
        asked.push_back({i, j, floor, exact});
      }
    }
  }
  const auto numbers = [](const std::int64_t* from, std::int64_t size) {
    return emulator::DeviceArray<std::int32_t>(std::vector<std::int32_t>(from, from + size));
  };
  const auto row_ends = numbers(grid.row_ends, grid.rows);
  const auto column_ends = numbers(grid.column_ends, grid.columns);
  const auto order = numbers(pools.order().data(), std::ssize(pools.order()));
  const auto groups = static_cast<int>(pools.groups());
  const emulator::DeviceArray<std::uint8_t> pixels(
      std::vector<std::uint8_t>(images.data(), images.data() + images.size()));
  const emulator::DeviceArray<float> sums(std::vector<float>(pools.of(0), pools.of(count)));
  const emulator::DeviceArray<ScoredPair> pairs(asked);
  const emulator::DeviceArray<double> results(asked.size());
  const GreyRows rows{pixels.data(), 0, static_cast<int>(height), static_cast<int>(width)};
  const PoolRows stored{sums.data(), 0, groups};
  const PoolGrid on_device{row_ends.data(),
                           column_ends.data(),
                           order.data(),
                           static_cast<int>(grid.columns),
                           static_cast<int>(pools.order().size()),
                           groups};
  emulator::run(dim3(1), dim3(kThreads), evaluate_candidates, static_cast<const ScoredPair*>(pairs.data()),
                static_cast<int>(asked.size()), CandidateSsim{{rows, rows}, stored, stored, on_device, 0},
                results.data());
  std::size_t given_up = 0;
  const std::vector<double> found = results.values();
  for (std::size_t k = 0; k < asked.size(); ++k) {
    const auto& [left, right, floor, exact] = asked[k];
    if (found[k] == exact) continue;
    ++given_up;
    ASSERT_EQ(found[k], -INFINITY) << left << ", " << right << ", " << floor;
    ASSERT_LT(exact, floor) << left << ", " << right;
  }
  // Of seven floors two are far above what they are compared with.
  EXPECT_GT(given_up, asked.size() / 4);
}

}  // namespace
}  // namespace simile::cuda
