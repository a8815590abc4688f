// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <set>
#include <tuple>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "train/torch/adam.hpp"
#include "train/torch/image_batches.hpp"

#include "simile/core/array.hpp"

namespace simile {
namespace {

Array<std::uint8_t, 4> noise(std::int64_t count, std::int64_t height, std::int64_t width) {
  Array<std::uint8_t, 4> images({count, height, width, 3});
  Random random(1);
  for (std::int64_t k = 0; k < images.size(); ++k) images.data()[k] = static_cast<std::uint8_t>(random.below(256));
  return images;
}

TEST(ImageBatches, HoldTheImagesInTheOrderOfTheRows) {
  const auto images = noise(4, 3, 5);
  const ImageBatches batches(images.view(), at::kCPU);
  const std::vector<std::int64_t> rows{3, 0, 3};
  const at::Tensor batch = batches.take(rows);
  ASSERT_EQ(batch.sizes(), (std::vector<std::int64_t>{3, 3, 3, 5}));
  EXPECT_TRUE(batch.is_contiguous(at::MemoryFormat::ChannelsLast));
  for (std::int64_t k = 0; k < 3; ++k) {
    for (std::int64_t channel = 0; channel < 3; ++channel) {
      EXPECT_EQ(batch[k][channel][2][1].item<float>(),
                static_cast<float>(images.view()(rows[static_cast<std::size_t>(k)], 2, 1, channel)) / 255.0F);
    }
  }
}

TEST(ImageBatches, VariedOnesAreMirroredAndShiftedImages) {
  constexpr std::int64_t kSide = 32;  // shifts of up to two pixels
  const auto images = noise(1, kSide, kSide);
  const ImageBatches batches(images.view(), at::kCPU);
  Random random(2);
  const std::vector<std::int64_t> rows(64, 0);
  const at::Tensor batch = batches.take_varied(rows, random).mul(255).round().to(at::kByte);
  std::set<std::tuple<bool, std::int64_t, std::int64_t>> met;
  for (std::int64_t k = 0; k < 64; ++k) {
    bool found = false;
    for (const bool mirrored : {false, true}) {
      for (std::int64_t down = -2; down <= 2; ++down) {
        for (std::int64_t across = -2; across <= 2; ++across) {
          bool same = true;
          for (std::int64_t y = 2; same && y < kSide - 2; ++y) {
            for (std::int64_t x = 2; same && x < kSide - 2; ++x) {
              const std::int64_t from = x + across;
              same = batch[k][1][y][x].item<int>() == images.view()(0, y + down, mirrored ? kSide - 1 - from : from, 1);
            }
          }
          if (same) met.emplace(mirrored, down, across);
          found = found || same;
        }
      }
    }
    EXPECT_TRUE(found) << k;
  }
  EXPECT_GT(met.size(), 25U);  // of 50
}

TEST(ImageBatches, VariedOnesDependOnTheGeneratorAlone) {
  const auto images = noise(3, 32, 32);
  const ImageBatches batches(images.view(), at::kCPU);
  const std::vector<std::int64_t> rows{0, 1, 2};
  Random first(9);
  Random second(9);
  EXPECT_TRUE(at::equal(batches.take_varied(rows, first), batches.take_varied(rows, second)));
  EXPECT_FALSE(at::equal(batches.take_varied(rows, first), batches.take(rows)));
}

TEST(Adam, FollowsItsFormula) {
  for (const bool channels_last : {false, true}) {
    at::Tensor parameter = at::arange(24, at::kFloat).view({2, 3, 2, 2}).clone();
    if (channels_last) parameter = parameter.contiguous(at::MemoryFormat::ChannelsLast);
    parameter.requires_grad_(true);
    Adam adam({parameter});
    std::vector<double> expected(24);
    std::vector<double> first(24, 0);
    std::vector<double> second(24, 0);
    for (int k = 0; k < 24; ++k) expected[static_cast<std::size_t>(k)] = k;
    for (int step = 1; step <= 5; ++step) {
      adam.clear_gradients();
      const double rate = step < 3 ? 0.5 : 0.05;
      (parameter * parameter * 0.5).sum().backward();  // gradient: the parameter itself
      adam.step(rate);
      for (std::size_t k = 0; k < 24; ++k) {
        const double gradient = expected[k];
        first[k] = 0.9 * first[k] + 0.1 * gradient;
        second[k] = 0.999 * second[k] + 0.001 * gradient * gradient;
        expected[k] -=
            rate * (first[k] / (1 - std::pow(0.9, step))) / (std::sqrt(second[k] / (1 - std::pow(0.999, step))) + 1e-8);
      }
    }
    const at::Tensor values = parameter.detach().contiguous().view({24});
    for (std::int64_t k = 0; k < 24; ++k) {
      EXPECT_NEAR(values[k].item<float>(), expected[static_cast<std::size_t>(k)], 1e-5) << k << channels_last;
    }
    EXPECT_EQ(adam.num_steps(), 5);
  }
}

}  // namespace
}  // namespace simile
