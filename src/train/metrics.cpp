// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "simile/core/error.hpp"
#include "simile/train/evaluation.hpp"

namespace simile {
namespace {

constexpr double kMaxTemperature = 20;
// A probability that is 0 in single precision does not make the log loss infinite.
constexpr double kLeastProbability = 1e-12;

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : std::numeric_limits<double>::quiet_NaN();
}

/// Mean log loss of scores times `scale`, where each label is believed but for `doubt`, which the best other class has.
double scaled_loss(View<const float, 2> scores, std::span<const std::int32_t> labels, double scale, double doubt) {
  double loss = 0;
  for (std::int64_t row = 0; row < scores.shape[0]; ++row) {
    const float* const values = scores[row].data;
    const double most = *std::max_element(values, values + scores.shape[1]);
    double sum = 0;
    const std::int64_t label = labels[static_cast<std::size_t>(row)];
    double other = -std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < scores.shape[1]; ++c) {
      sum += std::exp(scale * (values[c] - most));
      if (c != label) other = std::max(other, static_cast<double>(values[c]));
    }
    loss += std::log(sum) - scale * ((1 - doubt) * (values[label] - most));
    if (doubt > 0) loss -= scale * doubt * (other - most);
  }
  return loss / static_cast<double>(std::max<std::int64_t>(1, scores.shape[0]));
}

}  // namespace

double ClassMetrics::precision() const { return share(correct, predicted); }
double ClassMetrics::recall() const { return share(correct, labelled); }
double ClassMetrics::f1() const { return share(2 * correct, labelled + predicted); }

double Metrics::accuracy_margin() const {
  if (count == 0) return 1;
  constexpr double kZ = 1.959964;  // 95% of a normal distribution
  const auto n = static_cast<double>(count);
  const double share = accuracy();
  return kZ / (1 + kZ * kZ / n) * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
}

double Metrics::macro_f1() const {
  double sum = 0;
  std::int64_t known = 0;
  for (const auto& each : classes) {
    if (each.labelled + each.predicted == 0) continue;
    sum += each.f1();
    ++known;
  }
  return known > 0 ? sum / static_cast<double>(known) : 0;
}

void to_probabilities(View<float, 2> scores, double temperature) {
  for (std::int64_t row = 0; row < scores.shape[0]; ++row) {
    float* const values = scores[row].data;
    const double most = *std::max_element(values, values + scores.shape[1]);
    double sum = 0;
    for (std::int64_t c = 0; c < scores.shape[1]; ++c) sum += std::exp((values[c] - most) / temperature);
    for (std::int64_t c = 0; c < scores.shape[1]; ++c) {
      values[c] = static_cast<float>(std::exp((values[c] - most) / temperature) / sum);
    }
  }
}

Metrics measure(View<const float, 2> probabilities, std::span<const std::int32_t> labels) {
  ensure(probabilities.shape[0] == std::ssize(labels), "a label for each row");
  const std::int64_t classes = probabilities.shape[1];
  Metrics metrics;
  metrics.count = probabilities.shape[0];
  metrics.classes.resize(static_cast<std::size_t>(classes));
  metrics.confusion = Array<std::int64_t, 2>({classes, classes});
  metrics.reliability.resize(kReliabilityBins);
  for (std::int64_t row = 0; row < metrics.count; ++row) {
    const float* const values = probabilities[row].data;
    const auto best = std::max_element(values, values + classes) - values;
    const std::int64_t truth = labels[static_cast<std::size_t>(row)];
    const bool right = best == truth;
    metrics.correct += right ? 1 : 0;
    metrics.log_loss -= std::log(std::max(kLeastProbability, static_cast<double>(values[truth])));
    ++metrics.classes[static_cast<std::size_t>(truth)].labelled;
    ++metrics.classes[static_cast<std::size_t>(best)].predicted;
    metrics.classes[static_cast<std::size_t>(truth)].correct += right ? 1 : 0;
    ++metrics.confusion.view()(truth, best);
    const int bin =
        std::clamp(static_cast<int>(std::ceil(values[best] * kReliabilityBins)) - 1, 0, kReliabilityBins - 1);
    ReliabilityBin& range = metrics.reliability[static_cast<std::size_t>(bin)];
    ++range.count;
    range.confidence += values[best];
    range.accuracy += right ? 1 : 0;
  }
  if (metrics.count == 0) return metrics;
  metrics.log_loss /= static_cast<double>(metrics.count);
  for (auto& range : metrics.reliability) {
    if (range.count == 0) continue;
    range.confidence /= static_cast<double>(range.count);
    range.accuracy /= static_cast<double>(range.count);
    metrics.calibration_error += share(range.count, metrics.count) * std::abs(range.confidence - range.accuracy);
  }
  return metrics;
}

double fit_temperature(View<const float, 2> scores, std::span<const std::int32_t> labels) {
  ensure(scores.shape[0] == std::ssize(labels), "a label for each row");
  if (scores.shape[0] == 0) return 1;
  // The loss is convex in 1 / temperature, so also has one minimum in its logarithm: golden section.
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double low = -std::log(kMaxTemperature);
  double high = std::log(kMaxTemperature);
  // Even when all are right, one of n + 2 could have been wrong: else few items would make it sure of everything.
  const double doubt = scores.shape[1] > 1 ? 1 / (static_cast<double>(scores.shape[0]) + 2) : 0;
  const auto loss = [&](double log_scale) { return scaled_loss(scores, labels, std::exp(log_scale), doubt); };
  double left = high - ratio * (high - low);
  double right = low + ratio * (high - low);
  double left_loss = loss(left);
  double right_loss = loss(right);
  while (high - low > 1e-4) {
    if (left_loss <= right_loss) {
      high = right;
      right = left;
      right_loss = left_loss;
      left = high - ratio * (high - low);
      left_loss = loss(left);
    } else {
      low = left;
      left = right;
      left_loss = right_loss;
      right = low + ratio * (high - low);
      right_loss = loss(right);
    }
  }
  return std::exp(-(low + high) / 2);
}

}  // namespace simile
