// SPDX-License-Identifier: Apache-2.0
#include "simile/train/evaluation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr double kMinHeldOut = 0.001;
constexpr double kMaxHeldOut = 0.5;  // a share is rounded to 1 / N
constexpr int kMaxFolds = 100;
constexpr std::array<double, 3> kCurveShares{0.125, 0.25, 0.5};
// With fewer labels, a curve's point says nothing.
constexpr std::int64_t kLeastCurveLabels = 10;

/// Positions of each class, in random order.
std::vector<std::vector<std::int64_t>> shuffled_classes(std::span<const std::int32_t> labels, std::int64_t num_classes,
                                                        Random& random) {
  std::vector<std::vector<std::int64_t>> members(static_cast<std::size_t>(num_classes));
  for (std::size_t k = 0; k < labels.size(); ++k) {
    members[static_cast<std::size_t>(labels[k])].push_back(static_cast<std::int64_t>(k));
  }
  for (auto& positions : members) {
    for (std::size_t k = positions.size(); k > 1; --k) {
      std::swap(positions[k - 1], positions[static_cast<std::size_t>(random.below(k))]);
    }
  }
  return members;
}

/// Scores of held-out items from all folds together, by fold.
struct HeldOut {
  std::vector<std::int64_t> positions;
  std::vector<int> parts;  ///< of each: what is calibrated together
  std::vector<float> scores;
};

Array<float, 2> rows_of(const HeldOut& held, std::int64_t classes, const std::vector<std::size_t>& rows) {
  Array<float, 2> out({std::ssize(rows), classes});
  for (std::size_t k = 0; k < rows.size(); ++k) {
    std::copy_n(held.scores.data() + static_cast<std::int64_t>(rows[k]) * classes, classes,
                out.data() + static_cast<std::int64_t>(k) * classes);
  }
  return out;
}

std::vector<std::int32_t> labels_of(std::span<const std::int32_t> labels, const HeldOut& held,
                                    const std::vector<std::size_t>& rows) {
  std::vector<std::int32_t> out;
  for (const std::size_t row : rows) out.push_back(labels[static_cast<std::size_t>(held.positions[row])]);
  return out;
}

/// Every part by the temperature of the others.
Array<float, 2> calibrated(const HeldOut& held, std::span<const std::int32_t> labels, std::int64_t classes) {
  Array<float, 2> out({std::ssize(held.positions), classes});
  const int parts = 1 + *std::max_element(held.parts.begin(), held.parts.end());
  for (int part = 0; part < parts; ++part) {
    std::vector<std::size_t> own;
    std::vector<std::size_t> others;
    for (std::size_t k = 0; k < held.parts.size(); ++k) (held.parts[k] == part ? own : others).push_back(k);
    if (own.empty()) continue;
    const Array<float, 2> rest = rows_of(held, classes, others);
    const double temperature = others.empty() ? 1 : fit_temperature(rest.view(), labels_of(labels, held, others));
    Array<float, 2> scores = rows_of(held, classes, own);
    to_probabilities(scores.view(), temperature);
    for (std::size_t k = 0; k < own.size(); ++k) {
      std::copy_n(scores.data() + static_cast<std::int64_t>(k) * classes, classes,
                  out.data() + static_cast<std::int64_t>(own[k]) * classes);
    }
  }
  return out;
}

/// The first `share` of each class, at least one of each.
std::vector<std::int64_t> part_of(std::span<const std::int64_t> positions, std::span<const std::int32_t> labels,
                                  std::int64_t classes, double share, std::uint64_t seed) {
  std::vector<std::int32_t> own;
  for (const auto position : positions) own.push_back(labels[static_cast<std::size_t>(position)]);
  Random random(seed);
  std::vector<std::int64_t> part;
  for (const auto& members : shuffled_classes(own, classes, random)) {
    if (members.empty()) continue;
    const auto wanted = std::lround(share * static_cast<double>(members.size()));
    for (long k = 0; k < std::max(1L, wanted); ++k) {
      part.push_back(positions[static_cast<std::size_t>(members[static_cast<std::size_t>(k)])]);
    }
  }
  std::sort(part.begin(), part.end());
  return part;
}

std::int64_t count_correct(View<const float, 2> scores, std::span<const std::int64_t> positions,
                           std::span<const std::int32_t> labels) {
  std::int64_t correct = 0;
  for (std::int64_t row = 0; row < scores.shape[0]; ++row) {
    const float* const values = scores[row].data;
    const auto best = std::max_element(values, values + scores.shape[1]) - values;
    correct += best == labels[static_cast<std::size_t>(positions[static_cast<std::size_t>(row)])] ? 1 : 0;
  }
  return correct;
}

}  // namespace

std::vector<int> stratified_folds(std::span<const std::int32_t> labels, std::int64_t num_classes, int folds,
                                  std::uint64_t seed) {
  ensure(folds >= 2, "two folds at least");
  Random random(seed);
  std::vector<int> fold_of(labels.size(), -1);
  std::int64_t next = 0;  // goes on from class to class, so that folds are of equal size
  for (const auto& members : shuffled_classes(labels, num_classes, random)) {
    if (members.size() < 2) continue;
    for (const auto position : members) fold_of[static_cast<std::size_t>(position)] = static_cast<int>(next++ % folds);
  }
  return fold_of;
}

void EvaluationOptions::validate() const {
  if (folds != 0 && (folds < 2 || folds > kMaxFolds)) {
    throw Error(ErrorCode::invalid_argument, concat("--folds ", folds, ": allowed are 0 (none) and 2 to ", kMaxFolds));
  }
  if (held_out != 0 && !(held_out >= kMinHeldOut && held_out <= kMaxHeldOut)) {
    throw Error(ErrorCode::invalid_argument,
                concat("--held-out ", held_out, ": allowed are 0 (none) and ", kMinHeldOut, " to ", kMaxHeldOut));
  }
}

Evaluation evaluate(const FitAndScore& fit_and_score, std::span<const std::int32_t> labels, std::int64_t num_classes,
                    const EvaluationOptions& options, const Context& context) {
  options.validate();
  Evaluation evaluation;
  const bool once = options.held_out > 0;
  if (!once && options.folds == 0) return evaluation;
  const int folds = once ? static_cast<int>(std::max(2L, std::lround(1 / options.held_out))) : options.folds;
  const std::vector<int> fold_of = stratified_folds(labels, num_classes, folds, options.seed);
  const int rounds = once ? 1 : folds;
  evaluation.how =
      once ? concat("held-out ", std::lround(100.0 / folds), "%") : concat(folds, "-fold cross-validation");
  HeldOut held;
  std::vector<LearningPoint> curve(kCurveShares.size() + 1);
  std::vector<std::int64_t> fitted_labels(curve.size());
  int measured = 0;
  std::optional<ProgressPhase> phase;
  if (!options.own_progress) phase.emplace(context.progress, "evaluating", rounds, "fits");
  for (int fold = 0; fold < rounds; ++fold) {
    context.cancellation.check();
    std::vector<std::int64_t> fitted;
    std::vector<std::int64_t> tested;
    for (std::size_t k = 0; k < labels.size(); ++k) {
      (fold_of[k] == fold ? tested : fitted).push_back(static_cast<std::int64_t>(k));
    }
    if (phase) phase->advance(1);
    if (tested.empty()) continue;
    ++measured;
    for (std::size_t k = 0; k < curve.size(); ++k) {
      const bool all = k + 1 == curve.size();
      if (!all && !options.learning_curve) continue;
      const auto part =
          all ? fitted
              : part_of(fitted, labels, num_classes, kCurveShares[k], options.seed + static_cast<std::uint64_t>(fold));
      const Array<float, 2> scores = fit_and_score(part, tested);
      curve[k].correct += count_correct(scores.view(), tested, labels);
      curve[k].count += std::ssize(tested);
      fitted_labels[k] += std::ssize(part);
      if (!all) continue;
      for (std::size_t row = 0; row < tested.size(); ++row) {
        held.positions.push_back(tested[row]);
        held.parts.push_back(once ? static_cast<int>(row % 2) : fold);
      }
      held.scores.insert(held.scores.end(), scores.data(), scores.data() + scores.size());
    }
  }
  if (held.positions.empty()) return evaluation;
  std::vector<std::size_t> all(held.positions.size());
  std::iota(all.begin(), all.end(), 0);
  const std::vector<std::int32_t> truth = labels_of(labels, held, all);
  Array<float, 2> raw = rows_of(held, num_classes, all);
  evaluation.temperature = fit_temperature(raw.view(), truth);
  to_probabilities(raw.view(), 1);
  evaluation.before = measure(raw.view(), truth);
  evaluation.probabilities = calibrated(held, labels, num_classes);
  evaluation.after = measure(evaluation.probabilities.view(), truth);
  evaluation.positions = held.positions;
  for (std::size_t k = 0; k < curve.size(); ++k) {
    curve[k].labels = fitted_labels[k] / measured;
    const bool more = evaluation.curve.empty() || curve[k].labels > evaluation.curve.back().labels;
    if (curve[k].count > 0 && curve[k].labels >= kLeastCurveLabels && more) evaluation.curve.push_back(curve[k]);
  }
  return evaluation;
}

LabellingAdvice advise(std::span<const LearningPoint> curve, std::int64_t num_labels) {
  LabellingAdvice advice;
  if (curve.empty()) return advice;
  advice.accuracy = curve.back().accuracy();
  if (curve.size() < 3 || num_labels < kLeastForecastLabels) return advice;
  // Least squares of log(error) on log(labels): half a wrong item where there is none.
  double sum_x = 0;
  double sum_y = 0;
  double sum_xx = 0;
  double sum_xy = 0;
  double last_error = 0;
  for (const auto& point : curve) {
    const auto wrong = static_cast<double>(point.count - point.correct);
    last_error = std::max(0.5, wrong) / static_cast<double>(point.count);
    const double x = std::log(static_cast<double>(point.labels));
    const double y = std::log(last_error);
    sum_x += x;
    sum_y += y;
    sum_xx += x * x;
    sum_xy += x * y;
  }
  const auto n = static_cast<double>(curve.size());
  const double slope = std::min(0.0, (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x));
  const auto now = static_cast<double>(num_labels);
  const auto measured_at = static_cast<double>(curve.back().labels);
  const double error_now = last_error * std::pow(now / measured_at, slope);
  const double error_then = last_error * std::pow((now + static_cast<double>(kAdvisedLabels)) / measured_at, slope);
  advice.known = true;
  advice.gain = error_now - error_then;
  advice.stop = advice.gain < kLeastGain;
  return advice;
}

}  // namespace simile
