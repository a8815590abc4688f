// SPDX-License-Identifier: Apache-2.0
// What libsimile_learn gives, through its seam: no header of LibTorch here.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "support/image_errors.hpp"
#include "support/temporary_folder.hpp"

#include "simile/core/random.hpp"
#include "simile/model/model_card.hpp"
#include "simile/train/training_loop.hpp"
#include "simile/train/training_state.hpp"

extern "C" const void* simile_autoencoder_backend();

namespace simile {
namespace {

using test::error_of;
using test::IsError;

/// Smooth pictures that differ: colours that change along both sides.
Array<std::uint8_t, 4> pictures(std::int64_t count, std::int64_t side) {
  Array<std::uint8_t, 4> images({count, side, side, 3});
  Random random(5);
  for (std::int64_t image = 0; image < count; ++image) {
    for (std::int64_t channel = 0; channel < 3; ++channel) {
      const double start = random.uniform() * 100;
      const double down = random.uniform() * 3;
      const double across = random.uniform() * 3;
      for (std::int64_t y = 0; y < side; ++y) {
        for (std::int64_t x = 0; x < side; ++x) {
          const double value = start + down * static_cast<double>(y) * 32 / static_cast<double>(side) +
                               across * static_cast<double>(x) * 32 / static_cast<double>(side);
          images.view()(image, y, x, channel) = static_cast<std::uint8_t>(std::min(value, 255.0));
        }
      }
    }
  }
  return images;
}

void no_step(std::int64_t) {}

class TorchAutoencoder : public ::testing::Test {
 protected:
  std::unique_ptr<AutoencoderTrainer> start() const { return start(options_); }
  std::unique_ptr<AutoencoderTrainer> start(const AutoencoderOptions& options,
                                            const PerceptualNetwork& perceptual = {}) const {
    const auto& backend = *static_cast<const AutoencoderBackend*>(simile_autoencoder_backend());
    return backend.start(images_.view(), options, perceptual, {}, 1);
  }
  static std::vector<std::int64_t> rows(std::int64_t count) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  static std::vector<std::uint8_t> bytes_of(const std::vector<HostTensor>& tensors) {
    std::vector<std::uint8_t> bytes;
    for (const auto& tensor : tensors) bytes.insert(bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
    return bytes;
  }

  test::TemporaryFolder folder_;
  Array<std::uint8_t, 4> images_ = pictures(24, 32);
  AutoencoderOptions options_{.side_px = 32, .learning_rate = 3e-3, .batch_size = 8, .seed = 3};
};

TEST_F(TorchAutoencoder, IsTheOneForTheSize) {
  const auto small = start();
  EXPECT_EQ(small->architecture(), "icas_autoencoder_128");
  EXPECT_EQ(small->dimensions(), 256);
  images_ = pictures(2, 256);
  options_.side_px = 256;
  const auto large = start();
  EXPECT_EQ(large->architecture(), "icas_autoencoder_256");
  EXPECT_EQ(large->dimensions(), 256);
  options_.batch_size = 1;
  EXPECT_TRUE(std::isfinite(start()->train(rows(2), 1, 1e-3, no_step)));  // batch norm of one image
}

TEST_F(TorchAutoencoder, GivesTheSameBitsForTheSameSeed) {
  options_.augment = true;
  const auto run = [&](std::uint64_t seed) {
    options_.seed = seed;
    const auto trainer = start();
    std::vector<double> losses;
    for (const std::int64_t epoch : {1, 2}) losses.push_back(trainer->train(rows(24), epoch, 1e-3, no_step));
    return std::pair(losses, bytes_of(trainer->state()));
  };
  const auto first = run(1);
  EXPECT_EQ(run(1), first);
  EXPECT_NE(run(2).first, first.first);
}

TEST_F(TorchAutoencoder, GoesOnFromItsStateAsIfNothingHadHappened) {
  const auto whole = start();
  for (const std::int64_t epoch : {1, 2}) whole->train(rows(24), epoch, 1e-3, no_step);
  save_training_state(folder_ / "state", "key", {}, *whole);
  const double expected = whole->train(rows(24), 3, 1e-3, no_step);

  options_.seed = 3;
  const auto resumed = start();
  resumed->evaluate(rows(5), no_step);
  resumed->restore(TrainingState(folder_ / "state").tensors());
  EXPECT_EQ(resumed->train(rows(24), 3, 1e-3, no_step), expected);
  EXPECT_EQ(bytes_of(resumed->state()), bytes_of(whole->state()));
}

TEST_F(TorchAutoencoder, LearnsItsImages) {
  for (const auto loss : {AutoencoderLoss::mse, AutoencoderLoss::l1}) {
    options_.loss = loss;
    const auto trainer = start();
    const double before = trainer->evaluate(rows(12), no_step);
    for (std::int64_t epoch = 1; epoch <= 40; ++epoch) trainer->train(rows(12), epoch, 3e-3, no_step);
    EXPECT_LT(trainer->evaluate(rows(12), no_step), before * 0.75) << to_string(loss);
  }
}

TEST_F(TorchAutoencoder, ItsLossIsThatOfItsReconstructions) {
  for (const auto loss : {AutoencoderLoss::mse, AutoencoderLoss::l1}) {
    options_.loss = loss;
    const auto trainer = start();
    const auto made = trainer->reconstruct(rows(10));
    double sum = 0;
    for (std::int64_t k = 0; k < made.size(); ++k) {
      const double difference = (made.data()[k] - images_.data()[k]) / 255.0;
      sum += loss == AutoencoderLoss::mse ? difference * difference : std::abs(difference);
    }
    // Reconstructions are rounded to bytes.
    EXPECT_NEAR(trainer->evaluate(rows(10), no_step), sum / static_cast<double>(made.size()), 2e-3);
  }
}

TEST_F(TorchAutoencoder, ReportsEveryImageOnce) {
  const auto trainer = start();
  std::vector<std::int64_t> steps;
  trainer->train(rows(19), 1, 1e-3, [&](std::int64_t count) { steps.push_back(count); });
  EXPECT_EQ(steps, (std::vector<std::int64_t>{8, 8, 3}));
}

TEST_F(TorchAutoencoder, GivesALossThatIsNoNumberAtOnce) {
  options_.batch_size = 1;
  const auto trainer = start();
  int steps = 0;
  double loss = 0;
  for (std::int64_t epoch = 1; epoch <= 3 && std::isfinite(loss); ++epoch) {
    loss = trainer->train(rows(24), epoch, 1e38, [&](std::int64_t) { ++steps; });
  }
  EXPECT_FALSE(std::isfinite(loss));
  EXPECT_LT(steps, 24);
}

TEST_F(TorchAutoencoder, RefusesAStateThatDoesNotFit) {
  save_training_state(folder_ / "state", "key", {}, *start());
  images_ = pictures(2, 256);
  options_.side_px = 256;
  const TrainingState state(folder_ / "state");
  EXPECT_THAT(error_of([&] { start()->restore(state.tensors()); }),
              IsError(ErrorCode::model, "does not fit this network: 'weights.encoder3.0.weight' has another shape"));
}

TEST_F(TorchAutoencoder, RefusesBf16WhereTheProcessorHasItNot) {
  if (__builtin_cpu_supports("avx512bf16")) GTEST_SKIP() << "this processor has it";
  options_.precision = Precision::bf16;
  EXPECT_THAT(error_of([&] { start(); }), IsError(ErrorCode::invalid_argument, "--precision bf16"));
}

TEST_F(TorchAutoencoder, PerceptualLossComparesWhatANetworkSees) {
  // Any network will do: an autoencoder of the same kind, not trained.
  write_tensors(folder_ / "eyes.safetensors", start()->weights());
  const SafetensorsFile weights(folder_ / "eyes.safetensors");
  ModelCard card;
  card.architecture = "icas_autoencoder_128";
  card.mean = {0.5, 0.5, 0.5};
  options_.loss = AutoencoderLoss::perceptual;
  const auto trainer = start(options_, {&card, &weights, {"encoder1", "encoder2"}});
  const double before = trainer->evaluate(rows(12), no_step);
  EXPECT_GT(before, 0);
  for (std::int64_t epoch = 1; epoch <= 25; ++epoch) trainer->train(rows(12), epoch, 3e-3, no_step);
  EXPECT_LT(trainer->evaluate(rows(12), no_step), before * 0.75);

  EXPECT_THAT(error_of([&] { start(options_, {&card, &weights, {"encoder9"}}); }),
              IsError(ErrorCode::invalid_argument, "layer 'encoder9': there are encoder1, "));
  card.architecture = "icas_autoencoder_256";
  EXPECT_THAT(error_of([&] { start(options_, {&card, &weights, {"encoder1"}}); }),
              IsError(ErrorCode::model, "these are weights of another architecture"));
}

}  // namespace
}  // namespace simile
