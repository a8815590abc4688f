// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/context.hpp"

namespace simile {

/// Fold of each labelled item, in [0, folds): classes are spread evenly, at random by `seed`. -1 for the only item of
/// its class: it is never held out, since without it the class is not known. folds >= 2.
std::vector<int> stratified_folds(std::span<const std::int32_t> labels, std::int64_t num_classes, int folds,
                                  std::uint64_t seed);

/// Of one class, among held-out items. A share of nothing is NaN.
struct ClassMetrics {
  std::int64_t labelled = 0;   ///< of this class
  std::int64_t predicted = 0;  ///< as this class
  std::int64_t correct = 0;
  double precision() const;
  double recall() const;
  double f1() const;
};

/// A range of probabilities: how sure predictions were, and how often right.
struct ReliabilityBin {
  std::int64_t count = 0;
  double confidence = 0;  ///< mean
  double accuracy = 0;
};

inline constexpr int kReliabilityBins = 15;

/// What predictions of items with known classes are worth.
struct Metrics {
  std::int64_t count = 0;
  std::int64_t correct = 0;
  double log_loss = 0;           ///< mean negative logarithm of the true class's probability
  double calibration_error = 0;  ///< expected, over kReliabilityBins equal ranges (Naeini et al. 2015)
  std::vector<ClassMetrics> classes;
  Array<std::int64_t, 2> confusion;  ///< [true class, predicted class]
  std::vector<ReliabilityBin> reliability;

  double accuracy() const { return count > 0 ? static_cast<double>(correct) / static_cast<double>(count) : 0; }
  /// Half the width of the accuracy's 95% interval (Wilson 1927): what it may be off by, of so few items.
  double accuracy_margin() const;
  /// Mean of the classes' F1 that have one.
  double macro_f1() const;
};

/// Scores [n, classes] divided by `temperature` become probabilities, in place, row by row. NaN rows stay.
void to_probabilities(View<float, 2> scores, double temperature);

/// Of probabilities [n, classes] against labels; the predicted class is the most probable, the first of equals.
Metrics measure(View<const float, 2> probabilities, std::span<const std::int32_t> labels);

/// The temperature at which the scores' log loss is least (Guo et al. 2017), from 1/20 to 20. Each of the n labels is
/// believed but for 1 / (n + 2), which the best other class has (after Platt 1999).
double fit_temperature(View<const float, 2> scores, std::span<const std::int32_t> labels);

/// Fits to some labelled items (by position) and gives the scores of others, [held out, classes].
using FitAndScore =
    std::function<Array<float, 2>(std::span<const std::int64_t> fitted, std::span<const std::int64_t> held_out)>;

/// A point of the learning curve: with so many labels, so many of the held-out ones were right.
struct LearningPoint {
  std::int64_t labels = 0;  ///< mean over the folds
  std::int64_t correct = 0;
  std::int64_t count = 0;
  double accuracy() const { return count > 0 ? static_cast<double>(correct) / static_cast<double>(count) : 0; }
};

/// What held-out predictions say.
struct Evaluation {
  std::string how;                      ///< "5-fold cross-validation", "held-out 20%"
  double temperature = 1;               ///< fitted to all held-out scores
  Metrics before;                       ///< at temperature 1
  Metrics after;                        ///< calibrated: each fold by the temperature of the others
  std::vector<std::int64_t> positions;  ///< of held-out labelled items
  Array<float, 2> probabilities;        ///< of each, calibrated
  std::vector<LearningPoint> curve;     ///< ascending; the last with all labels that were not held out
};

struct EvaluationOptions {
  int folds = 5;               ///< of cross-validation; 0: none of it
  double held_out = 0;         ///< share that is held out once instead, 0 to 0.9; 0: cross-validation
  bool learning_curve = true;  ///< fits with an eighth, a quarter and a half of the labels, too
  bool own_progress = false;   ///< fits show their progress themselves
  std::uint64_t seed = 0;

  /// Throws invalid_argument naming --folds or --held-out.
  void validate() const;
};

/// Fits to a part of the labels, measures on the rest. Folds are fewer when the largest class has fewer items. An
/// evaluation of nothing (`before.count` 0) when no item can be held out.
Evaluation evaluate(const FitAndScore& fit_and_score, std::span<const std::int32_t> labels, std::int64_t num_classes,
                    const EvaluationOptions& options, const Context& context);

/// What the learning curve promises.
struct LabellingAdvice {
  bool known = false;   ///< there were points enough
  double accuracy = 0;  ///< now
  double gain = 0;      ///< of accuracy, by the next kAdvisedLabels
  bool stop = false;    ///< the gain is less than kLeastGain
};

inline constexpr std::int64_t kAdvisedLabels = 100;
inline constexpr double kLeastGain = 0.005;
inline constexpr std::int64_t kLeastForecastLabels = 100;

/// The error as a power of the number of labels, fitted to the curve; from it, the gain of kAdvisedLabels more. Not
/// known from fewer than kLeastForecastLabels labels: a forecast of twice of what there is would be a guess.
LabellingAdvice advise(std::span<const LearningPoint> curve, std::int64_t num_labels);

}  // namespace simile
