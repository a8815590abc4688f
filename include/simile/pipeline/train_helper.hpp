// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/train/evaluation.hpp"
#include "simile/train/helper.hpp"
#include "simile/train/next_to_label.hpp"

namespace simile {

/// Everything `simile train helper` can be told.
struct TrainHelperOptions {
  std::filesystem::path input;                  ///< a .npy of embeddings
  std::vector<std::filesystem::path> labels{};  ///< CSV files `path,label`; "folders": the folder that holds the item
  std::filesystem::path out;
  bool overwrite = false;
  bool update = false;  ///< a helper in `out` gives its labels, is where the fit starts, and is replaced
  HelperKind kind = HelperKind::linear;
  ProbeOptions probe{};
  MlpOptions mlp{};
  EvaluationOptions evaluation{};
  NextStrategy strategy = NextStrategy::diverse;
  std::int64_t next = 50;  ///< items to name for labelling
  std::uint64_t seed = 0;
  std::vector<std::string> arguments{};

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

struct TrainHelperSummary {
  std::string input;
  std::string output;
  std::string kind;
  std::int64_t num_items = 0;
  std::int64_t num_labels = 0;
  std::int64_t num_classes = 0;
  std::int64_t num_single = 0;   ///< classes with one label
  std::int64_t num_unknown = 0;  ///< rows that name no item
  std::int64_t num_earlier = 0;  ///< labels that the earlier helper gave
  bool warm = false;             ///< the fit started from it
  std::string how;               ///< of measuring; empty: nothing was held out
  double accuracy = 0;
  double macro_f1 = 0;
  double log_loss = 0;
  double calibration_error = 0;  ///< calibrated
  double calibration_error_before = 0;
  double temperature = 1;
  LabellingAdvice advice;
  std::int64_t num_next = 0;
  std::int64_t evaluations = 0;  ///< of the loss, by the last fit
  double fit_seconds = 0;        ///< of the last fit
};

/// One JSON object, keys in a fixed order, ends with a line break.
std::string to_json(const TrainHelperSummary& summary);

/// Trains a helper and writes a folder: helper.json, helper.safetensors, labels.csv (all it was trained on),
/// ignored_labels.csv (rows that name no item), classes.csv, confusion.csv and .svg, reliability.csv and .svg,
/// learning_curve.csv and .svg, held_out.csv, next.csv (`path,label` to fill in), report.html and manifest.json. With
/// `update`, labels given now win over the earlier helper's. Throws not_found, io, decode, model, cancelled, and
/// invalid_argument also when the folder exists and neither `overwrite` nor `update`, or vectors and labels do not fit.
TrainHelperSummary run_train_helper(const TrainHelperOptions& options, const Context& context);

}  // namespace simile
