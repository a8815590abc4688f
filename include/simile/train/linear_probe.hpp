// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/context.hpp"
#include "simile/train/probe_curvature.hpp"

namespace simile {

/// How the weights of a linear probe are found. logistic: multinomial logistic regression, by L-BFGS. ridge: least
/// squares against one-hot labels, in closed form, its outputs then scaled to be logits.
enum class ProbeKind : unsigned char { logistic, ridge };

struct ProbeOptions {
  ProbeKind kind = ProbeKind::logistic;
  double c = 10;            ///< inverse strength of the penalty, as scikit-learn's C; above 0
  bool balanced = false;    ///< classes weigh the same, however many labels they have
  double tolerance = 3e-6;  ///< of the loss
  std::int64_t max_evaluations = 1000;

  /// Throws invalid_argument naming the flag and what is allowed.
  void validate() const;
};

/// Scores w_c . x + b_c of unit vectors x.
struct LinearModel {
  Array<float, 2> weights;  ///< [classes, d]
  std::vector<float> bias;  ///< [classes]

  std::int64_t num_classes() const { return weights.shape(0); }
  std::int64_t dimensions() const { return weights.shape(1); }
  LinearModel clone() const { return {weights.clone(), bias}; }
};

struct ProbeFit {
  LinearModel model;
  double loss = 0;  ///< f(W, b), whatever the kind
  std::int64_t evaluations = 0;
  bool converged = false;
  std::shared_ptr<const ProbeCurvature> curvature;  ///< null: none was made, or of too many dimensions
  bool curvature_was_kept = false;                  ///< it is the one that was given
};

/// Labelled vectors, made ready for fits to them.
class LinearProbe {
 public:
  /// Rows `items` of `vectors` [n, d], scaled to unit length (zero vectors stay), and their classes in [0, classes).
  /// Throws model for values that are not finite.
  LinearProbe(View<const float, 2> vectors, std::span<const std::int64_t> items, std::span<const std::int32_t> labels,
              std::int64_t num_classes, const Context& context);
  ~LinearProbe();
  LinearProbe(LinearProbe&&) noexcept;
  LinearProbe& operator=(LinearProbe&&) noexcept;

  std::int64_t count() const;
  std::int64_t num_classes() const;

  /// Minimises f(W, b) = mean cross-entropy + |W|^2 / (2 C n); the bias b is not penalised. ridge: half the mean
  /// squared difference to one-hot labels + |W|^2 / (2 C n) instead, in single precision. `start`: where to begin, such
  /// as the solution for fewer labels; null: anew. `kept`: of the fit that found `start`; made anew unless it is whole,
  /// of the same size and C, and for two thirds as many labels. The same for any number of threads. Throws
  /// invalid_argument as ProbeOptions::validate(), cancelled.
  ProbeFit fit(const ProbeOptions& options, const LinearModel* start = nullptr,
               std::shared_ptr<const ProbeCurvature> kept = nullptr) const;

  /// f at a model, for comparing solutions.
  double loss(const LinearModel& model, const ProbeOptions& options) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Scores of rows of `vectors` [n, d], [n, classes]; with `unit`, rows are scaled to unit length first. NaN for rows
/// that are not finite.
Array<float, 2> linear_scores(const LinearModel& model, View<const float, 2> vectors, bool unit,
                              const Context& context);

}  // namespace simile
