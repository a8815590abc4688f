// SPDX-License-Identifier: Apache-2.0
#include "simile/train/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>

#include "core/expect_error.hpp"
#include "train/vectors.hpp"

namespace simile {
namespace {

using test::Work;

Array<float, 2> table(const std::vector<std::vector<float>>& rows) {
  Array<float, 2> out({std::ssize(rows), std::ssize(rows.front())});
  for (std::size_t r = 0; r < rows.size(); ++r)
    std::copy(rows[r].begin(), rows[r].end(), out.view()[static_cast<std::int64_t>(r)].data);
  return out;
}

TEST(Folds, SpreadEachClassEvenlyAndKeepSingleItems) {
  std::vector<std::int32_t> labels(23, 0);
  labels.insert(labels.end(), 7, 1);
  labels.push_back(2);
  labels.insert(labels.end(), 2, 3);
  const auto folds = stratified_folds(labels, 4, 5, 1);
  std::vector<std::vector<int>> count(4, std::vector<int>(5));
  for (std::size_t k = 0; k < labels.size(); ++k) {
    if (labels[k] == 2) {
      EXPECT_EQ(folds[k], -1);
    } else {
      ++count[static_cast<std::size_t>(labels[k])][static_cast<std::size_t>(folds[k])];
    }
  }
  for (const std::size_t c : {0U, 1U, 3U}) {
    const auto [least, most] = std::minmax_element(count[c].begin(), count[c].end());
    EXPECT_LE(*most - *least, 1) << c;
  }
  EXPECT_EQ(folds, stratified_folds(labels, 4, 5, 1));
  EXPECT_NE(folds, stratified_folds(labels, 4, 5, 2));
}

TEST(Metrics, AreThoseWorkedOutByHand) {
  // Predicted 0 (right), 1 (true 0), 1 (right), 0 (true 2); nothing is predicted as 2.
  const auto probabilities = table({{0.9F, 0.1F, 0}, {0.2F, 0.7F, 0.1F}, {0.3F, 0.7F, 0}, {0.5F, 0.3F, 0.2F}});
  const std::vector<std::int32_t> labels{0, 0, 1, 2};
  const Metrics metrics = measure(probabilities.view(), labels);
  EXPECT_DOUBLE_EQ(metrics.accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(metrics.classes[0].precision(), 0.5);
  EXPECT_DOUBLE_EQ(metrics.classes[0].recall(), 0.5);
  EXPECT_DOUBLE_EQ(metrics.classes[1].precision(), 0.5);
  EXPECT_DOUBLE_EQ(metrics.classes[1].recall(), 1);
  EXPECT_DOUBLE_EQ(metrics.classes[1].f1(), 2.0 / 3);
  EXPECT_TRUE(std::isnan(metrics.classes[2].precision()));
  EXPECT_DOUBLE_EQ(metrics.classes[2].recall(), 0);
  EXPECT_DOUBLE_EQ(metrics.macro_f1(), (0.5 + 2.0 / 3 + 0) / 3);
  EXPECT_EQ(metrics.confusion.view()(0, 1), 1);
  EXPECT_EQ(metrics.confusion.view()(2, 0), 1);
  EXPECT_EQ(metrics.confusion.view()(1, 1), 1);
  EXPECT_NEAR(metrics.log_loss, -(std::log(0.9) + std::log(0.2) + std::log(0.7) + std::log(0.2)) / 4, 1e-6);
  // Ranges of 1/15: 0.5 alone (wrong), the two of 0.7 together (one right), 0.9 alone (right).
  EXPECT_NEAR(metrics.calibration_error, 0.25 * 0.5 + 0.5 * 0.2 + 0.25 * 0.1, 1e-6);
}

TEST(Metrics, OfNothingAreZeros) {
  const Array<float, 2> none({0, 3});
  EXPECT_EQ(measure(none.view(), {}).accuracy(), 0);
}

TEST(Temperature, UndoesAFactor) {
  // Labels drawn from the scores' own probabilities: times 4, the temperature is 4.
  Random random(3);
  Array<float, 2> scores({20000, 3});
  std::vector<std::int32_t> labels;
  for (std::int64_t row = 0; row < 20000; ++row) {
    double sum = 0;
    std::vector<double> parts;
    for (std::int64_t c = 0; c < 3; ++c) {
      scores.view()(row, c) = test::drawn(random);
      parts.push_back(std::exp(static_cast<double>(scores.view()(row, c))));
      sum += parts.back();
      scores.view()(row, c) *= 4;
    }
    double left = random.uniform() * sum;
    std::int32_t label = 0;
    while (label < 2 && (left -= parts[static_cast<std::size_t>(label)]) > 0) ++label;
    labels.push_back(label);
  }
  const double temperature = fit_temperature(scores.view(), labels);
  EXPECT_NEAR(temperature, 4, 0.15);
  Array<float, 2> before = scores.clone();
  to_probabilities(before.view(), 1);
  to_probabilities(scores.view(), temperature);
  EXPECT_GT(measure(before.view(), labels).calibration_error, 0.1);
  EXPECT_LT(measure(scores.view(), labels).calibration_error, 0.02);
}

TEST(Temperature, IsNotSureOfEverythingWhereAFewAreAllRight) {
  const auto scores = table({{2, 0}, {0, 2}});
  const std::vector<std::int32_t> labels{0, 1};
  EXPECT_NEAR(fit_temperature(scores.view(), labels), 2 / std::log(3.0), 1e-3);  // a probability of 3/4
}

TEST(Temperature, StaysWithinItsBounds) {
  const auto sure = table({{1e-4F, 0}, {0, 1e-4F}});
  const std::vector<std::int32_t> labels{0, 1};
  EXPECT_NEAR(fit_temperature(sure.view(), labels), 1.0 / 20, 1e-3);
  const auto wrong = table({{1000, 0}, {0, 1000}});
  const std::vector<std::int32_t> others{1, 0};
  EXPECT_NEAR(fit_temperature(wrong.view(), others), 20, 1e-2);
}

/// Scores that know the class of an even position, and say 0 of the others; remembers what it was given.
struct Fitter {
  std::span<const std::int32_t> labels;
  std::vector<std::vector<std::int64_t>> fitted;
  std::vector<std::vector<std::int64_t>> held_out;
  Array<float, 2> operator()(std::span<const std::int64_t> fit, std::span<const std::int64_t> held) {
    fitted.emplace_back(fit.begin(), fit.end());
    held_out.emplace_back(held.begin(), held.end());
    Array<float, 2> scores({std::ssize(held), 2});
    for (std::size_t k = 0; k < held.size(); ++k) {
      const auto label = held[k] % 2 == 0 ? labels[static_cast<std::size_t>(held[k])] : 0;
      scores.view()(static_cast<std::int64_t>(k), label) = 3;
    }
    return scores;
  }
};

TEST(Evaluation, HoldsEveryItemOutOnceAndNeverFitsToIt) {
  std::vector<std::int32_t> labels;
  for (int k = 0; k < 40; ++k) labels.push_back(k % 4 < 2 ? 0 : 1);
  const Work work;
  Fitter fitter{labels, {}, {}};
  const Evaluation evaluation =
      evaluate(std::ref(fitter), labels, 2, {.folds = 4, .learning_curve = false}, work.context);
  EXPECT_EQ(fitter.fitted.size(), 4U);
  std::set<std::int64_t> seen;
  for (std::size_t fold = 0; fold < fitter.fitted.size(); ++fold) {
    for (const auto position : fitter.held_out[fold]) {
      EXPECT_TRUE(seen.insert(position).second);
      EXPECT_FALSE(std::binary_search(fitter.fitted[fold].begin(), fitter.fitted[fold].end(), position));
    }
  }
  EXPECT_EQ(seen.size(), 40U);
  // Even positions are right; of the odd ones, those of class 0.
  EXPECT_DOUBLE_EQ(evaluation.before.accuracy(), 0.75);
  EXPECT_DOUBLE_EQ(evaluation.after.accuracy(), 0.75);
  EXPECT_LT(evaluation.after.calibration_error, evaluation.before.calibration_error);
}

TEST(Evaluation, HoldsAShareOutOnce) {
  std::vector<std::int32_t> labels;
  for (int k = 0; k < 100; ++k) labels.push_back(k % 2);
  const Work work;
  Fitter fitter{labels, {}, {}};
  const Evaluation evaluation = evaluate(std::ref(fitter), labels, 2, {.held_out = 0.2}, work.context);
  EXPECT_EQ(evaluation.how, "held-out 20%");
  EXPECT_EQ(evaluation.before.count, 20);
  ASSERT_EQ(fitter.fitted.size(), 4U);  // an eighth, a quarter, a half, all
  EXPECT_EQ(fitter.fitted[0].size(), 10U);
  EXPECT_EQ(fitter.fitted[3].size(), 80U);
  ASSERT_EQ(evaluation.curve.size(), 4U);
  EXPECT_EQ(evaluation.curve.back().labels, 80);
}

TEST(Evaluation, OfClassesOfOneItemMeasuresNothing) {
  const std::vector<std::int32_t> labels{0, 1};
  const Work work;
  Fitter fitter{labels, {}, {}};
  EXPECT_EQ(evaluate(std::ref(fitter), labels, 2, {}, work.context).before.count, 0);
  EXPECT_EQ(evaluate(std::ref(fitter), labels, 2, {.folds = 0}, work.context).how, "");
}

TEST(Evaluation, RefusesWhatCannotBeSplit) {
  expect_error(ErrorCode::invalid_argument, "--folds 1", [] { EvaluationOptions{.folds = 1}.validate(); });
  expect_error(ErrorCode::invalid_argument, "--folds 101", [] { EvaluationOptions{.folds = 101}.validate(); });
  expect_error(ErrorCode::invalid_argument, "--held-out 0.95", [] { EvaluationOptions{.held_out = 0.95}.validate(); });
}

TEST(Advice, FollowsAPowerLaw) {
  // error = 2 / sqrt(labels): 0.2 at 100, and 0.1414 at 200.
  std::vector<LearningPoint> curve;
  for (const std::int64_t labels : {25, 50, 100}) {
    const double error = 2 / std::sqrt(static_cast<double>(labels));
    curve.push_back({labels, std::lround(1e6 * (1 - error)), 1000000});
  }
  const LabellingAdvice advice = advise(curve, 100);
  EXPECT_TRUE(advice.known);
  EXPECT_NEAR(advice.accuracy, 0.8, 1e-6);
  EXPECT_NEAR(advice.gain, 0.2 - 0.2 / std::sqrt(2.0), 1e-4);
  EXPECT_FALSE(advice.stop);
}

TEST(Advice, StopsWhereLabelsNoLongerHelp) {
  const std::vector<LearningPoint> flat{{25, 90, 100}, {50, 89, 100}, {100, 90, 100}};
  EXPECT_TRUE(advise(flat, 100).stop);
  const std::vector<LearningPoint> perfect{{25, 100, 100}, {50, 100, 100}, {100, 100, 100}};
  EXPECT_TRUE(advise(perfect, 100).stop);
  const std::vector<LearningPoint> two{{25, 90, 100}, {50, 95, 100}};
  EXPECT_FALSE(advise(two, 100).known);
}

TEST(Advice, IsNotGivenOnFewLabels) {
  const std::vector<LearningPoint> curve{{20, 50, 100}, {40, 60, 100}, {80, 70, 100}};
  EXPECT_FALSE(advise(curve, 99).known);
  EXPECT_TRUE(advise(curve, 100).known);
}

TEST(Metrics, SayWhatTheirAccuracyMayBeOffBy) {
  // Wilson's interval of 10 of 100: 0.0552 to 0.1744.
  Metrics metrics;
  metrics.count = 100;
  metrics.correct = 10;
  EXPECT_NEAR(metrics.accuracy_margin(), (0.1744 - 0.0552) / 2, 1e-4);
  metrics.correct = 100;  // and it is not sure of itself
  EXPECT_NEAR(metrics.accuracy_margin(), (1 - 0.9630) / 2, 1e-4);
  EXPECT_EQ(Metrics().accuracy_margin(), 1);
}

}  // namespace
}  // namespace simile
