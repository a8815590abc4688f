// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/core/context.hpp"
#include "simile/pipeline/helper_run.hpp"
#include "simile/train/helper.hpp"

namespace simile {

/// Everything `simile train helper` can be told. The input is a .npy of embeddings.
struct TrainHelperOptions : HelperRunOptions {
  HelperKind kind = HelperKind::linear;
  ProbeOptions probe{};
  MlpOptions mlp{};

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// Trains a helper and writes a folder: helper.json, helper.safetensors, labels.csv (all it was trained on),
/// ignored_labels.csv (rows that name no item), classes.csv, confusion.csv and .svg, reliability.csv and .svg,
/// learning_curve.csv and .svg, held_out.csv, next.csv (`path,label` to fill in), report.html and manifest.json. With
/// `update`, labels given now win over the earlier helper's. Throws not_found, io, decode, model, cancelled, and
/// invalid_argument also when the folder exists and neither `overwrite` nor `update`, or vectors and labels do not fit.
TrainHelperSummary run_train_helper(const TrainHelperOptions& options, const Context& context);

}  // namespace simile
