// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/train/autoencoder.hpp"

namespace simile {

inline constexpr std::int64_t kStepEpochs = 10;  ///< after so many epochs the learning rate falls
inline constexpr double kStepFactor = 0.1;       ///< to this share

/// Of an epoch, which count from 1: rate x 0.1^floor((epoch - 1) / 10).
double learning_rate_of(double first, std::int64_t epoch);

/// What an epoch came to.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  double learning_rate = 0;
  double train_loss = 0;
  double validation_loss = 0;  ///< without validation images: train_loss
  bool best = false;           ///< no epoch before was as good
  double seconds = 0;
  double images_per_second = 0;  ///< of training, without validation
};

/// Why a training needs no more epochs.
enum class TrainingEnd : unsigned char { none, epochs, patience };

/// The epochs so far.
struct TrainingHistory {
  std::vector<EpochRecord> epochs;

  std::int64_t num_epochs() const { return static_cast<std::int64_t>(epochs.size()); }
  /// The last epoch that was best; nullptr before the first.
  const EpochRecord* best() const;
  /// Whether options.epochs are through, or the last options.patience of them brought nothing better.
  TrainingEnd end(const AutoencoderOptions& options) const;
};

/// Which images are trained with and which judge.
struct TrainingSplit {
  std::vector<std::int64_t> train;       ///< ascending
  std::vector<std::int64_t> validation;  ///< ascending
};

/// round(share * n) images, drawn by the seed, are for validation; at least one stays to be trained with, and where
/// share > 0 and n > 1 at least one judges.
TrainingSplit split_images(std::int64_t num_images, double share, std::uint64_t seed);

/// The order in which an epoch sees `rows`: shuffled by seed and epoch alone, so that a resumed run needs no state of
/// a generator.
std::vector<std::int64_t> epoch_order(const std::vector<std::int64_t>& rows, std::uint64_t seed, std::int64_t epoch);

/// Trains epoch after epoch from where `history` ends until history.end(). After each, `done` is told; what it throws
/// ends the training. Shows a phase per epoch. Throws model when a loss is not finite, cancelled within a step.
void run_epochs(AutoencoderTrainer& trainer, const AutoencoderOptions& options, const TrainingSplit& split,
                TrainingHistory& history, const Context& context,
                const std::function<void(const TrainingHistory&)>& done);

}  // namespace simile
