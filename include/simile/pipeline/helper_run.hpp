// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simile/train/evaluation.hpp"
#include "simile/train/next_to_label.hpp"

namespace simile {

/// What every kind of helper is told.
struct HelperRunOptions {
  std::filesystem::path input;
  std::vector<std::filesystem::path> labels{};  ///< CSV files `path,label`; "folders": the folder that holds the item
  std::filesystem::path out;
  bool overwrite = false;
  bool update = false;  ///< a helper in `out` gives its labels, is where training starts, and is replaced
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
  std::int64_t num_unknown = 0;  ///< rows that name no item, or one that cannot be read
  std::int64_t num_earlier = 0;  ///< labels that the earlier helper gave
  std::int64_t num_seen = 0;     ///< labels that the network of the vectors was trained on: `accuracy` is too good
  bool warm = false;             ///< the fit started from it
  std::string how;               ///< of measuring; empty: nothing was held out
  std::int64_t num_judged = 0;   ///< labelled items that were held out
  double accuracy = 0;
  double accuracy_margin = 0;  ///< Metrics::accuracy_margin()
  double macro_f1 = 0;
  double log_loss = 0;
  double calibration_error = 0;  ///< calibrated
  double calibration_error_before = 0;
  double temperature = 1;
  LabellingAdvice advice;
  std::int64_t num_next = 0;
  std::int64_t evaluations = 0;  ///< of the loss, by the last fit
  double fit_seconds = 0;        ///< of the last fit
  bool curvature_kept = false;   ///< it went on with what the earlier helper knew of the curvature, too
  std::string network;           ///< fine-tuning: the one that it began with; else empty
  std::int64_t stages = 0;       ///< fine-tuning: trained ones; 0: all
  std::int64_t num_trained = 0;  ///< fine-tuning: parameters
  double training_loss = 0;      ///< fine-tuning: mean cross-entropy of the last epoch
  std::int64_t num_parameters = 0;
  std::vector<std::pair<std::string, std::string>> unreadable;  ///< fine-tuning: images, and why
};

/// One JSON object, keys in a fixed order, ends with a line break.
std::string to_json(const TrainHelperSummary& summary);

}  // namespace simile
