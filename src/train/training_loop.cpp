// SPDX-License-Identifier: Apache-2.0
#include "simile/train/training_loop.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Four significant digits.
std::string short_number(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 4).ptr;
  return {text.data(), end};
}

void check_finite(double loss, const EpochRecord& epoch, const TrainingHistory& history, const char* what) {
  if (std::isfinite(loss)) return;
  const EpochRecord* const best = history.best();
  throw Error(ErrorCode::model, concat("the ", what, " loss of epoch ", epoch.epoch, " is ", loss, " (learning rate ",
                                       epoch.learning_rate, "): a lower --lr may help; ",
                                       best == nullptr ? std::string("no epoch was good")
                                                       : concat("the best epoch, ", best->epoch, ", is kept")));
}

}  // namespace

double learning_rate_of(double first, std::int64_t epoch) {
  return first * std::pow(kStepFactor, static_cast<double>((epoch - 1) / kStepEpochs));
}

const EpochRecord* TrainingHistory::best() const {
  const auto last = std::find_if(epochs.rbegin(), epochs.rend(), [](const EpochRecord& epoch) { return epoch.best; });
  return last == epochs.rend() ? nullptr : &*last;
}

TrainingEnd TrainingHistory::end(const AutoencoderOptions& options) const {
  if (const EpochRecord* const found = best(); found != nullptr && num_epochs() - found->epoch >= options.patience) {
    return TrainingEnd::patience;
  }
  return num_epochs() >= options.epochs ? TrainingEnd::epochs : TrainingEnd::none;
}

TrainingSplit split_images(std::int64_t num_images, double share, std::uint64_t seed) {
  std::int64_t count = std::llround(share * static_cast<double>(num_images));
  if (share > 0) count = std::max<std::int64_t>(count, 1);
  count = std::min(count, std::max<std::int64_t>(num_images - 1, 0));
  TrainingSplit split;
  split.validation = sample_without_replacement(num_images, count, seed);
  auto next = split.validation.begin();
  for (std::int64_t row = 0; row < num_images; ++row) {
    if (next != split.validation.end() && *next == row) {
      ++next;
    } else {
      split.train.push_back(row);
    }
  }
  return split;
}

std::vector<std::int64_t> epoch_order(const std::vector<std::int64_t>& rows, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::int64_t> order = rows;
  Random random(Random(seed).next() + static_cast<std::uint64_t>(epoch));
  for (std::size_t left = order.size(); left > 1; --left) {  // Fisher and Yates
    std::swap(order[left - 1], order[static_cast<std::size_t>(random.below(left))]);
  }
  return order;
}

void run_epochs(AutoencoderTrainer& trainer, const AutoencoderOptions& options, const TrainingSplit& split,
                TrainingHistory& history, const Context& context,
                const std::function<void(const TrainingHistory&)>& done) {
  bool first = true;
  while (history.end(options) == TrainingEnd::none) {
    EpochRecord epoch;
    epoch.epoch = history.num_epochs() + 1;
    epoch.learning_rate = learning_rate_of(options.learning_rate, epoch.epoch);
    const auto num_train = std::ssize(split.train);
    const auto start = Clock::now();
    {
      ProgressPhase phase(context.progress, concat("epoch ", epoch.epoch, " of ", options.epochs),
                          num_train + std::ssize(split.validation), "images");
      const StepDone step = [&](std::int64_t num_images) {
        context.cancellation.check();
        phase.advance(num_images);
      };
      const auto order = epoch_order(split.train, options.seed, epoch.epoch);
      epoch.train_loss = trainer.train(order, epoch.epoch, epoch.learning_rate, step);
      epoch.images_per_second = static_cast<double>(num_train) / std::max(seconds_since(start), 1e-9);
      check_finite(epoch.train_loss, epoch, history, "training");
      epoch.validation_loss = split.validation.empty() ? epoch.train_loss : trainer.evaluate(split.validation, step);
      check_finite(epoch.validation_loss, epoch, history, "validation");
    }
    epoch.seconds = seconds_since(start);
    const EpochRecord* const best = history.best();
    epoch.best = best == nullptr || epoch.validation_loss < best->validation_loss;
    history.epochs.push_back(epoch);
    context.progress.note(concat("epoch ", epoch.epoch, ": loss ", short_number(epoch.train_loss), ", validation ",
                                 short_number(epoch.validation_loss), epoch.best ? " (best)" : ""));
    done(history);
    if (std::exchange(first, false) && history.end(options) == TrainingEnd::none) {
      const auto left = static_cast<double>(options.epochs - epoch.epoch);
      context.progress.note(concat("the other ", options.epochs - epoch.epoch, " epochs take ",
                                   format_duration(left * epoch.seconds), ", less if they end early"));
    }
  }
}

}  // namespace simile
