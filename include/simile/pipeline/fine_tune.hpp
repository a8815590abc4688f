// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/image/catalogue.hpp"
#include "simile/pipeline/helper_run.hpp"
#include "simile/train/fine_tuning.hpp"

namespace simile {

/// Everything `simile train finetune` can be told. The input is what open_dataset() takes for images.
struct FineTuneOptions : HelperRunOptions {
  ListingOptions listing{};
  FeatureOptions reading{};  ///< of it: limits, cache, full_decode, and the model and architecture of `network`
  FineTuningOptions training{};
  double c = 10;  ///< inverse strength of the penalty on the layer of classes before the network is trained

  /// Cross-validation would train the network once a fold, and a learning curve thrice more: a fifth is held out once.
  FineTuneOptions();
  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// The options that decided the training in `folder`: training and c. Nothing when it holds no fine-tuned network;
/// throws model when its card does not say them.
std::optional<FineTuneOptions> settings_of_earlier(const std::filesystem::path& folder);

/// Trains a network's last stages on labelled images and writes a folder that is both a model (card.json,
/// model.safetensors: `simile embed --model`) and, with all the files of run_train_helper(), the helper for its vectors
/// (`simile predict`). The network in the folder has seen all labels; what was measured is one that has not seen those
/// held out. With `update`, measuring begins with the network that the earlier helper began with, and the last training
/// where that ended, with half as many epochs; the stages must be the same. Labels of images that cannot be read are
/// kept for a later run. Throws as run_train_helper(), as find_model() and FineTuningBackend::open(), and model when
/// the network has learnt nothing.
TrainHelperSummary run_fine_tune(const FineTuneOptions& options, const Context& context);

}  // namespace simile
