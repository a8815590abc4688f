// SPDX-License-Identifier: Apache-2.0
#include "simile/train/linear_probe.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "train/gram.hpp"
#include "train/lbfgs.hpp"
#include "train/probe_objective.hpp"
#include "train/probe_settings.hpp"
#include "train/training_rows.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

// A kept curvature serves until there are more labels than so many times those it was made for.
constexpr double kMostGrowth = 1.5;
// With fewer rows than this share of the dimensions, making and factoring the matrix costs more than it saves.
constexpr double kFewRows = 0.5;
}  // namespace

void ProbeOptions::validate() const {
  if (!(c > 0) || !std::isfinite(c)) {
    throw Error(ErrorCode::invalid_argument, concat("--c ", c, ": allowed is any number above 0"));
  }
}

struct LinearProbe::State {
  TrainingRows rows;
  std::vector<std::int32_t> labels;
  std::int64_t num_classes = 0;
  const Context* context = nullptr;

  std::vector<float> weights(const ProbeOptions& options) const {
    std::vector<float> weights(labels.size(), 1);
    if (!options.balanced) return weights;
    std::vector<std::int64_t> counts(static_cast<std::size_t>(num_classes));
    for (const auto label : labels) ++counts[static_cast<std::size_t>(label)];
    const auto present = std::count_if(counts.begin(), counts.end(), [](std::int64_t count) { return count > 0; });
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const auto count = static_cast<double>(counts[static_cast<std::size_t>(labels[row])]);
      weights[row] = static_cast<float>(static_cast<double>(labels.size()) / (static_cast<double>(present) * count));
    }
    return weights;
  }

  /// Of every step-th row.
  GramMatrix gram(std::int64_t step) const {
    GramMatrix matrix(rows.stride());
    matrix.add(rows, 0, rows.count(), step, *context);
    return matrix;
  }

  /// Least squares against one-hot labels, scaled to be logits. `share`: one over the rows of the Gram matrix.
  std::vector<float> ridge_point(ProbeObjective& objective, const GramMatrix& matrix, double share,
                                 double ridge) const {
    std::vector<float> point = objective.class_sums();
    const CholeskyFactor factor(matrix, rows.dimensions, share, ridge, kRidgeOfBias, *context);
    factor.solve(point.data(), num_classes, *context);
    const auto scale = static_cast<float>(objective.best_scale(point));
    for (auto& value : point) value *= scale;
    return point;
  }

  std::vector<float> point_of(const LinearModel& model) const {
    std::vector<float> point(static_cast<std::size_t>(num_classes * rows.stride()));
    for (std::int64_t c = 0; c < num_classes; ++c) {
      std::copy_n(model.weights.data() + c * rows.dimensions, rows.dimensions, point.data() + c * rows.stride());
      point[static_cast<std::size_t>(c * rows.stride() + rows.dimensions)] = model.bias[static_cast<std::size_t>(c)];
    }
    return point;
  }

  LinearModel model_of(const std::vector<float>& point) const {
    LinearModel model;
    model.weights = Array<float, 2>({num_classes, rows.dimensions});
    for (std::int64_t c = 0; c < num_classes; ++c) {
      std::copy_n(point.data() + c * rows.stride(), rows.dimensions, model.weights.data() + c * rows.dimensions);
      model.bias.push_back(point[static_cast<std::size_t>(c * rows.stride() + rows.dimensions)]);
    }
    return model;
  }
};

LinearProbe::LinearProbe(View<const float, 2> vectors, std::span<const std::int64_t> items,
                         std::span<const std::int32_t> labels, std::int64_t num_classes, const Context& context)
    : state_(std::make_unique<State>()) {
  ensure(items.size() == labels.size() && !items.empty() && num_classes > 0, "a label for each vector");
  state_->rows = training_rows(vectors, items, context);
  state_->labels.assign(labels.begin(), labels.end());
  state_->num_classes = num_classes;
  state_->context = &context;
}

LinearProbe::~LinearProbe() = default;
LinearProbe::LinearProbe(LinearProbe&&) noexcept = default;
LinearProbe& LinearProbe::operator=(LinearProbe&&) noexcept = default;

std::int64_t LinearProbe::count() const { return state_->rows.count(); }
std::int64_t LinearProbe::num_classes() const { return state_->num_classes; }

ProbeFit LinearProbe::fit(const ProbeOptions& options, const LinearModel* start,
                          std::shared_ptr<const ProbeCurvature> kept) const {
  options.validate();
  const State& state = *state_;
  const TrainingRows& rows = state.rows;
  const Context& context = *state.context;
  const std::vector<float> weights = state.weights(options);
  ProbeObjective objective(rows, state.labels, weights, state.num_classes, options.c, context);
  std::vector<float> point(static_cast<std::size_t>(objective.size()));
  if (start != nullptr) {
    ensure(start->num_classes() == state.num_classes && start->dimensions() == rows.dimensions, "a start that fits");
    point = state.point_of(*start);
  }
  const std::int64_t count = objective.num_training();
  const auto share_of = [count](std::int64_t step) { return 1.0 / static_cast<double>((count + step - 1) / step); };
  const auto evaluate = [&](const std::vector<float>& at, std::vector<float>& gradient) {
    return objective(at, gradient);
  };
  if (options.kind == ProbeKind::ridge) {
    point = state.ridge_point(objective, state.gram(1), share_of(1), objective.ridge());
    std::vector<float> gradient;
    return {state.model_of(point), evaluate(point, gradient), 1, true, nullptr, false};
  }
  const LbfgsOptions limits{.tolerance = options.tolerance, .max_evaluations = options.max_evaluations};
  const auto fit_of = [&](const LbfgsResult& result) {
    return ProbeFit{state.model_of(point), result.value, result.evaluations, result.converged, nullptr, false};
  };
  const auto minimise_with = [&](const CholeskyFactor& factor) {
    const auto precondition = [&](std::vector<float>& vector) {
      factor.solve(vector.data(), state.num_classes, context);
    };
    return fit_of(minimise(evaluate, precondition, limits, point));
  };
  if (static_cast<double>(count) < kFewRows * static_cast<double>(rows.dimensions)) {
    return fit_of(minimise(evaluate, [](std::vector<float>& /*vector*/) {}, limits, point));
  }
  std::int64_t spent = 0;
  if (start != nullptr && kept != nullptr && kept->dimensions == rows.dimensions && kept->c == options.c &&
      static_cast<double>(count) <= kMostGrowth * static_cast<double>(kept->labels) && kept->is_whole()) {
    ProbeFit fit = minimise_with(CholeskyFactor(kept->factor, rows.stride(), context));
    if (fit.converged) {
      fit.curvature = std::move(kept);
      fit.curvature_was_kept = true;
      return fit;
    }
    spent = fit.evaluations;  // goes on from where that one came to
  }
  const std::int64_t step = gram_step(count, rows.stride());
  const GramMatrix gram = state.gram(step);
  if (start == nullptr) {
    point = state.ridge_point(objective, gram, share_of(step), kStartRidge * objective.ridge());
  }
  const CholeskyFactor factor(gram, rows.dimensions, kCurvature * share_of(step), objective.ridge(), kBiasRidge,
                              context);
  ProbeFit fit = minimise_with(factor);
  fit.evaluations += spent;
  if (rows.dimensions <= kMaxCurvatureDimensions) {
    fit.curvature =
        std::make_shared<ProbeCurvature>(ProbeCurvature{rows.dimensions, count, options.c, factor.packed()});
  }
  return fit;
}

double LinearProbe::loss(const LinearModel& model, const ProbeOptions& options) const {
  const std::vector<float> weights = state_->weights(options);
  ProbeObjective objective(state_->rows, state_->labels, weights, state_->num_classes, options.c, *state_->context);
  std::vector<float> gradient;
  return objective(state_->point_of(model), gradient);
}

Array<float, 2> linear_scores(const LinearModel& model, View<const float, 2> vectors, bool unit,
                              const Context& context) {
  ensure(vectors.shape[1] == model.dimensions() && vectors.stride[1] == 1, "vectors of the model's size");
  Array<float, 2> scores({vectors.shape[0], model.num_classes()});
  const std::int64_t classes = model.num_classes();
  const std::int64_t dimensions = model.dimensions();
  const std::int64_t stride = row_stride(dimensions);
  std::vector<float> few(static_cast<std::size_t>(classes * stride));
  for (std::int64_t c = 0; c < classes; ++c) {
    std::copy_n(model.weights.data() + c * dimensions, dimensions, few.data() + c * stride);
  }
  const RowKernels& simd = row_kernels();
  const std::int64_t blocks = (vectors.shape[0] + kRowBlock - 1) / kRowBlock;
  context.pool.parallel_for(blocks, context.cancellation, [&](int /*worker*/, std::int64_t block) {
    const std::int64_t first = block * kRowBlock;
    const std::int64_t count = std::min(kRowBlock, vectors.shape[0] - first);
    std::vector<float> rows(static_cast<std::size_t>(count * stride));
    std::vector<float> products(static_cast<std::size_t>(classes * kRowBlock));
    for (std::int64_t r = 0; r < count; ++r) {
      std::copy_n(vectors.data + (first + r) * vectors.stride[0], dimensions, rows.data() + r * stride);
    }
    simd.products({rows.data(), count, stride}, {few.data(), classes, stride}, stride, products.data(), kRowBlock);
    for (std::int64_t r = 0; r < count; ++r) {
      double norm = 0;
      for (std::int64_t k = 0; k < dimensions; ++k) {
        const double value = rows[static_cast<std::size_t>(r * stride + k)];
        norm += value * value;
      }
      for (std::int64_t c = 0; c < classes; ++c) {
        const double product = products[static_cast<std::size_t>(c * kRowBlock + r)];
        const double score = !unit ? product : norm > 0 ? product / std::sqrt(norm) : 0;
        scores.data()[(first + r) * classes + c] =
            std::isfinite(norm) ? static_cast<float>(score + model.bias[static_cast<std::size_t>(c)])
                                : std::numeric_limits<float>::quiet_NaN();
      }
    }
  });
  return scores;
}

}  // namespace simile
