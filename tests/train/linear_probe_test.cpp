// SPDX-License-Identifier: Apache-2.0
#include "simile/train/linear_probe.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "train/vectors.hpp"

#include "simile/core/simd.hpp"

namespace simile {
namespace {

using test::LabelledVectors;
using test::Work;

/// f and its minimum in double precision, by gradient descent with momentum on plain loops.
class Oracle {
 public:
  Oracle(const LabelledVectors& data, std::int64_t classes, double c) : classes_(classes) {
    const std::int64_t d = data.vectors.shape(1);
    for (const auto item : data.items) {
      std::vector<double> row;
      double norm = 0;
      for (std::int64_t k = 0; k < d; ++k) {
        row.push_back(data.vectors.data()[item * d + k]);
        norm += row.back() * row.back();
      }
      for (auto& value : row) value = norm > 0 ? value / std::sqrt(norm) : 0;
      row.push_back(1);
      rows_.push_back(row);
    }
    labels_ = data.labels;
    weights_.assign(rows_.size(), 1);
    ridge_ = 1 / (c * static_cast<double>(rows_.size()));
  }

  std::vector<double> weights_;

  double value(const std::vector<double>& v, std::vector<double>* gradient) const {
    const std::size_t width = rows_[0].size();
    const auto n = static_cast<double>(rows_.size());
    double loss = 0;
    if (gradient != nullptr) gradient->assign(v.size(), 0);
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      std::vector<double> scores;
      for (std::int64_t c = 0; c < classes_; ++c) {
        double score = 0;
        for (std::size_t k = 0; k < width; ++k) score += rows_[r][k] * v[static_cast<std::size_t>(c) * width + k];
        scores.push_back(score);
      }
      const double most = *std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (const double score : scores) sum += std::exp(score - most);
      const auto own = static_cast<std::size_t>(labels_[r]);
      loss += weights_[r] * (most + std::log(sum) - scores[own]) / n;
      if (gradient == nullptr) continue;
      for (std::size_t c = 0; c < scores.size(); ++c) {
        const double residual = std::exp(scores[c] - most) / sum - (c == own ? 1 : 0);
        for (std::size_t k = 0; k < width; ++k) (*gradient)[c * width + k] += weights_[r] * residual * rows_[r][k] / n;
      }
    }
    for (std::size_t k = 0; k < v.size(); ++k) {
      if (k % width + 1 == width) continue;
      loss += 0.5 * ridge_ * v[k] * v[k];
      if (gradient != nullptr) (*gradient)[k] += ridge_ * v[k];
    }
    return loss;
  }

  double minimum() const {
    std::vector<double> v(static_cast<std::size_t>(classes_) * rows_[0].size());
    std::vector<double> before = v;
    std::vector<double> gradient;
    for (int k = 1; k <= 6000; ++k) {
      const double momentum = (k - 1.0) / (k + 2.0);
      std::vector<double> ahead(v.size());
      for (std::size_t j = 0; j < v.size(); ++j) ahead[j] = v[j] + momentum * (v[j] - before[j]);
      value(ahead, &gradient);
      before = v;
      for (std::size_t j = 0; j < v.size(); ++j) v[j] = ahead[j] - gradient[j];
    }
    return value(v, nullptr);
  }

  double at(const LinearModel& model) const {
    std::vector<double> v;
    for (std::int64_t c = 0; c < classes_; ++c) {
      for (std::int64_t k = 0; k < model.dimensions(); ++k)
        v.push_back(model.weights.data()[c * model.dimensions() + k]);
      v.push_back(model.bias[static_cast<std::size_t>(c)]);
    }
    return value(v, nullptr);
  }

 private:
  std::int64_t classes_;
  std::vector<std::vector<double>> rows_;
  std::vector<std::int32_t> labels_;
  double ridge_ = 0;
};

struct Problem {
  std::int64_t count, dimensions, classes;
};
void PrintTo(const Problem& problem, std::ostream* out) {
  *out << problem.count << " x " << problem.dimensions << ", " << problem.classes << " classes";
}

class ProbeProblems : public ::testing::TestWithParam<Problem> {};

TEST_P(ProbeProblems, ReachesTheMinimumOfTheDefinition) {
  const auto [count, dimensions, classes] = GetParam();
  const LabelledVectors data = test::labelled_vectors(count, dimensions, classes, 0.3, 7);
  const Work work;
  LinearProbe probe(data.vectors.view(), data.items, data.labels, classes, work.context);
  const ProbeOptions options{.tolerance = 1e-7};
  const ProbeFit fit = probe.fit(options);
  const Oracle oracle(data, classes, options.c);
  const double minimum = oracle.minimum();
  EXPECT_NEAR(oracle.at(fit.model), minimum, 2e-5);
  EXPECT_NEAR(fit.loss, oracle.at(fit.model), 1e-5);
  EXPECT_NEAR(probe.loss(fit.model, options), fit.loss, 1e-6);
  EXPECT_LT(fit.evaluations, 200);
}

// Fewer rows than half the dimensions (no Gram matrix), more than that, more than a block, more than are used of it.
INSTANTIATE_TEST_SUITE_P(Sizes, ProbeProblems,
                         ::testing::Values(Problem{20, 70, 3}, Problem{64, 70, 2}, Problem{150, 7, 4},
                                           Problem{200, 15, 6}),
                         [](const auto& size) { return "n" + std::to_string(size.param.count); });

TEST(LinearProbeTest, IsTheSameForAnyNumberOfThreads) {
  const LabelledVectors data = test::labelled_vectors(2000, 33, 5, 0.2, 3);
  const Work one(1);
  const Work three(3);
  LinearProbe probe(data.vectors.view(), data.items, data.labels, 5, one.context);
  LinearProbe other(data.vectors.view(), data.items, data.labels, 5, three.context);
  const ProbeFit fit = probe.fit({});
  const ProbeFit again = other.fit({});
  ASSERT_EQ(fit.model.bias, again.model.bias);
  for (std::int64_t k = 0; k < fit.model.weights.size(); ++k) {
    ASSERT_EQ(fit.model.weights.data()[k], again.model.weights.data()[k]);
  }
}

TEST(LinearProbeTest, EverySimdLevelGetsThere) {
  const LabelledVectors data = test::labelled_vectors(400, 50, 3, 0.2, 5);
  const Work work;
  std::vector<double> losses;
  for (const auto level : supported_simd_levels()) {
    set_simd_level(level);
    LinearProbe probe(data.vectors.view(), data.items, data.labels, 3, work.context);
    losses.push_back(probe.fit({}).loss);
  }
  for (const double loss : losses) EXPECT_NEAR(loss, losses.front(), 2e-5);
}

TEST(LinearProbeTest, BalancedClassesWeighTheSame) {
  LabelledVectors data = test::labelled_vectors(200, 9, 2, 0.1, 13);
  for (std::size_t k = 0; k < data.labels.size(); ++k) data.labels[k] = k % 10 == 0 ? 1 : 0;
  const Work work;
  LinearProbe probe(data.vectors.view(), data.items, data.labels, 2, work.context);
  const ProbeFit fit = probe.fit({.balanced = true, .tolerance = 1e-7});
  Oracle oracle(data, 2, 10);
  for (std::size_t k = 0; k < data.labels.size(); ++k) oracle.weights_[k] = data.labels[k] == 1 ? 5 : 200.0 / 360;
  EXPECT_NEAR(oracle.at(fit.model), oracle.minimum(), 2e-5);
}

TEST(LinearProbeTest, AStartNearTheSolutionSavesWork) {
  const LabelledVectors data = test::labelled_vectors(3000, 40, 6, 0.15, 21);
  const Work work;
  const std::span<const std::int64_t> items(data.items);
  const std::span<const std::int32_t> labels(data.labels);
  LinearProbe part(data.vectors.view(), items.first(2970), labels.first(2970), 6, work.context);
  const ProbeFit before = part.fit({});
  LinearProbe all(data.vectors.view(), items, labels, 6, work.context);
  const ProbeFit cold = all.fit({});
  const ProbeFit warm = all.fit({}, &before.model);
  EXPECT_LE(warm.evaluations, 12);
  EXPECT_LT(warm.evaluations, cold.evaluations) << "cold";
  EXPECT_NEAR(warm.loss, cold.loss, 2e-5);
}

/// 2,970 labels, then 3,000.
struct Rounds {
  LabelledVectors data = test::labelled_vectors(3000, 40, 6, 0.15, 21);
  LinearProbe probe(std::int64_t count, const Work& work) const {
    return {data.vectors.view(), std::span(data.items).first(count), std::span(data.labels).first(count), 6,
            work.context};
  }
};

TEST(LinearProbeTest, AKeptCurvatureLeadsToTheSameMinimum) {
  const Rounds rounds;
  const Work work;
  const Work three(3);
  const ProbeFit before = rounds.probe(2970, work).fit({});
  ASSERT_NE(before.curvature, nullptr);
  EXPECT_TRUE(before.curvature->is_whole());
  EXPECT_EQ(before.curvature->labels, 2970);
  const LinearProbe all = rounds.probe(3000, work);
  const ProbeFit cold = all.fit({});
  const ProbeFit kept = all.fit({}, &before.model, before.curvature);
  EXPECT_TRUE(kept.curvature_was_kept);
  EXPECT_EQ(kept.curvature, before.curvature);
  EXPECT_TRUE(kept.converged);
  EXPECT_LT(kept.evaluations, cold.evaluations);
  EXPECT_NEAR(kept.loss, cold.loss, 2e-5);
  const ProbeFit again = rounds.probe(3000, three).fit({}, &before.model, before.curvature);
  EXPECT_EQ(kept.model.bias, again.model.bias);
  EXPECT_EQ(0, std::memcmp(kept.model.weights.data(), again.model.weights.data(),
                           static_cast<std::size_t>(kept.model.weights.size_bytes())));
}

TEST(LinearProbeTest, ACurvatureThatDoesNotFitIsMadeAnew) {
  const Rounds rounds;
  const Work work;
  const ProbeFit before = rounds.probe(2970, work).fit({});
  const LinearProbe all = rounds.probe(3000, work);
  const double loss = all.fit({}).loss;
  const auto changed = [&](const auto& change) {
    auto curvature = std::make_shared<ProbeCurvature>(*before.curvature);
    change(*curvature);
    return all.fit({}, &before.model, curvature);
  };
  const ProbeFit few = changed([](ProbeCurvature& curvature) { curvature.labels = 1999; });
  const ProbeFit other = changed([](ProbeCurvature& curvature) { curvature.c = 3; });
  const ProbeFit size = changed([](ProbeCurvature& curvature) { curvature.dimensions = 41; });
  const ProbeFit cut = changed([](ProbeCurvature& curvature) { curvature.factor.pop_back(); });
  const ProbeFit wild = changed([](ProbeCurvature& curvature) { curvature.factor[0] = -1; });
  const ProbeFit none =
      changed([](ProbeCurvature& curvature) { curvature.factor[2] = std::numeric_limits<float>::infinity(); });
  for (const ProbeFit* fit : {&few, &other, &size, &cut, &wild, &none}) {
    EXPECT_FALSE(fit->curvature_was_kept);
    ASSERT_NE(fit->curvature, nullptr);
    EXPECT_EQ(fit->curvature->labels, 3000);
    EXPECT_NEAR(fit->loss, loss, 2e-5);
  }
  EXPECT_TRUE(changed([](ProbeCurvature& curvature) { curvature.labels = 2000; }).curvature_was_kept);
  EXPECT_FALSE(all.fit({}, nullptr, before.curvature).curvature_was_kept) << "without a start";
}

TEST(LinearProbeTest, AWrongCurvatureCostsTimeNotTheMinimum) {
  const Rounds rounds;
  const Work work;
  const ProbeFit before = rounds.probe(2970, work).fit({});
  auto curvature = std::make_shared<ProbeCurvature>(*before.curvature);
  // Steps of 1e-20 of what they should be: they end without a way down.
  for (auto& value : curvature->factor) value *= 1e10F;
  const LinearProbe all = rounds.probe(3000, work);
  EXPECT_NEAR(all.fit({}, &before.model, curvature).loss, all.fit({}).loss, 2e-5);
}

TEST(LinearProbeTest, RidgeSolvesItsNormalEquations) {
  const LabelledVectors data = test::labelled_vectors(120, 6, 3, 0.5, 17);
  const Work work;
  LinearProbe probe(data.vectors.view(), data.items, data.labels, 3, work.context);
  const ProbeFit fit = probe.fit({.kind = ProbeKind::ridge});
  const Array<float, 2> scores = linear_scores(fit.model, data.vectors.view(), true, work.context);
  // The gradient of half the mean squared error + |W|^2 / (2 C n) at scores s / t against one-hot labels less 1/3.
  const auto gradient = [&](double scale, std::int64_t c, std::int64_t k) {
    double sum = 0;
    for (std::int64_t row = 0; row < 120; ++row) {
      double norm = 0;
      for (std::int64_t j = 0; j < 6; ++j) norm += std::pow(data.vectors.data()[row * 6 + j], 2);
      const double wanted = (data.labels[static_cast<std::size_t>(row)] == c ? 1 : 0) - 1.0 / 3;
      const double x = k < 6 ? data.vectors.data()[row * 6 + k] / std::sqrt(norm) : 1;
      sum += (scores.data()[row * 3 + c] / scale - wanted) * x / 120;
    }
    return k < 6 ? sum + fit.model.weights.data()[c * 6 + k] / scale / (10 * 120) : sum;
  };
  // The scale is a power of the root of 2.
  double least = 1e9;
  for (int s = 0; s < 24; ++s) {
    double most = 0;
    for (std::int64_t c = 0; c < 3; ++c) {
      for (std::int64_t k = 0; k <= 6; ++k) most = std::max(most, std::abs(gradient(std::pow(2, 0.5 * s), c, k)));
    }
    least = std::min(least, most);
  }
  EXPECT_LT(least, 1e-5);
}

TEST(LinearProbeTest, AZeroVectorIsDecidedByTheBias) {
  LabelledVectors data = test::labelled_vectors(60, 5, 3, 0.5, 19);
  for (std::int64_t k = 0; k < 5; ++k) data.vectors.data()[k] = 0;
  const Work work;
  LinearProbe probe(data.vectors.view(), data.items, data.labels, 3, work.context);
  const LinearModel model = probe.fit({}).model;
  const Array<float, 2> scores = linear_scores(model, data.vectors.view(), true, work.context);
  for (std::int64_t c = 0; c < 3; ++c) EXPECT_EQ(scores.data()[c], model.bias[static_cast<std::size_t>(c)]);
}

TEST(LinearProbeTest, RefusesValuesThatAreNotFiniteAndGivesNoScoreForThem) {
  LabelledVectors data = test::labelled_vectors(60, 5, 3, 0.5, 19);
  const Work work;
  LinearProbe probe(data.vectors.view(), data.items, data.labels, 3, work.context);
  const LinearModel model = probe.fit({}).model;
  data.vectors.data()[7 * 5 + 2] = std::numeric_limits<float>::quiet_NaN();
  expect_error(ErrorCode::model, "vector 7 ",
               [&] { const LinearProbe refused(data.vectors.view(), data.items, data.labels, 3, work.context); });
  const Array<float, 2> scores = linear_scores(model, data.vectors.view(), true, work.context);
  EXPECT_TRUE(std::isnan(scores.data()[7 * 3]));
  EXPECT_TRUE(std::isfinite(scores.data()[6 * 3]));
}

TEST(LinearProbeTest, RefusesAPenaltyOfNoStrength) {
  for (const double c : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    expect_error(ErrorCode::invalid_argument, "--c ", [&] { ProbeOptions{.c = c}.validate(); });
  }
}

TEST(LinearProbeTest, StopsWhenAsked) {
  const LabelledVectors data = test::labelled_vectors(200, 20, 3, 0.5, 19);
  Work work;
  LinearProbe probe(data.vectors.view(), data.items, data.labels, 3, work.context);
  work.cancellation.request();
  expect_error(ErrorCode::cancelled, "interrupted", [&] { probe.fit({}); });
}

}  // namespace
}  // namespace simile
