// SPDX-License-Identifier: Apache-2.0
#include "train/torch/probe_fit.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "model/network/tensor_view.hpp"
#include "train/lbfgs.hpp"
#include "train/probe_settings.hpp"
#include "train/training_rows.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

/// Matrix products are true single precision while it lives: TF32 keeps 10 bits of a value.
class WithoutTf32 {
 public:
  WithoutTf32() : before_(at::globalContext().allowTF32CuBLAS()) { at::globalContext().setAllowTF32CuBLAS(false); }
  ~WithoutTf32() { at::globalContext().setAllowTF32CuBLAS(before_); }
  WithoutTf32(const WithoutTf32&) = delete;
  WithoutTf32& operator=(const WithoutTf32&) = delete;

 private:
  bool before_;
};

// Rows whose lengths are taken at once: their copy in double precision is small beside the rest.
constexpr std::int64_t kNormRows = 1 << 16;

/// As TrainingRows: unit rows, a one for the bias, zeros up to the stride.
at::Tensor unit_rows(View<const float, 2> vectors, const at::Device& device) {
  const std::int64_t dimensions = vectors.shape[1];
  at::Tensor rows = at::zeros({vectors.shape[0], row_stride(dimensions)}, at::TensorOptions(at::kFloat).device(device));
  rows.narrow(1, 0, dimensions).copy_(to_tensor(vectors));
  for (std::int64_t begin = 0; begin < rows.size(0); begin += kNormRows) {
    const std::int64_t count = std::min(kNormRows, rows.size(0) - begin);
    const at::Tensor values = rows.narrow(0, begin, count).narrow(1, 0, dimensions);
    const at::Tensor norms = values.to(at::kDouble).norm(2, 1, /*keepdim=*/true);
    const at::Tensor finite = norms.isfinite().squeeze(1);
    if (!finite.all().item<bool>()) {
      const std::int64_t row = begin + finite.logical_not().nonzero()[0].item<std::int64_t>();
      throw Error(ErrorCode::model, concat("labelled vector ", row, " has a value that is not finite"));
    }
    values.mul_(at::where(norms > 0, norms.reciprocal(), at::zeros_like(norms)).to(at::kFloat));
  }
  rows.select(1, dimensions).fill_(1);
  return rows;
}

/// Of each item: 1, or such that classes that are there weigh the same.
at::Tensor item_weights(const at::Tensor& labels, std::int64_t num_classes, bool balanced) {
  if (!balanced) return at::ones({labels.size(0)}, labels.options().dtype(at::kFloat));
  const at::Tensor counts = at::bincount(labels, {}, num_classes).to(at::kDouble);
  const double present = counts.gt(0).sum().item<double>();
  const at::Tensor weights = static_cast<double>(labels.size(0)) / (present * counts.clamp_min(1));
  return weights.index_select(0, labels).to(at::kFloat);
}

/// The loss and what it takes to minimise it; see ProbeObjective.
class DeviceProbe {
 public:
  DeviceProbe(const at::Device& device, View<const float, 2> vectors, std::span<const std::int32_t> labels,
              std::int64_t num_classes, const ProbeOptions& options, const Cancellation& cancellation)
      : dimensions_(vectors.shape[1]),
        num_classes_(num_classes),
        rows_(unit_rows(vectors, device)),
        labels_(at::tensor(std::vector<std::int64_t>(labels.begin(), labels.end())).to(device)),
        weights_(item_weights(labels_, num_classes, options.balanced)),
        ridge_(1 / (options.c * static_cast<double>(vectors.shape[0]))),
        cancellation_(cancellation) {}

  std::int64_t stride() const { return rows_.size(1); }
  double ridge() const { return ridge_; }

  double operator()(const std::vector<float>& point, std::vector<float>& gradient) const {
    cancellation_.check();
    const at::Tensor weights = to_device(point);
    at::Tensor logits = rows_.mm(weights.t());
    const at::Tensor own = labels_.unsqueeze(1);
    const at::Tensor log_sums = logits.logsumexp(1, /*keepdim=*/true);
    const at::Tensor losses = (log_sums - logits.gather(1, own)).squeeze(1);
    const at::Tensor loss = (losses.to(at::kDouble) * weights_).sum();
    logits.sub_(log_sums).exp_();
    logits.scatter_add_(1, own, at::full_like(own, -1, logits.options()));
    logits.mul_(weights_.unsqueeze(1));
    at::Tensor slope = logits.t().mm(rows_).div_(static_cast<double>(rows_.size(0)));
    const at::Tensor penalised = weights.narrow(1, 0, dimensions_);
    slope.narrow(1, 0, dimensions_).add_(penalised, ridge_);
    const at::Tensor squares = penalised.to(at::kDouble).square().sum();
    const at::Tensor value = loss / static_cast<double>(rows_.size(0)) + squares * (0.5 * ridge_);
    gradient = to_host(slope);
    return value.item<double>();
  }

  /// The lower Cholesky factor of the Gram matrix's share plus a diagonal; see CholeskyFactor.
  at::Tensor factor(double curvature, double ridge, double bias_ridge) {
    if (!gram_.defined()) {
      const at::Tensor some = rows_.slice(0, 0, rows_.size(0), gram_step(rows_.size(0), stride()));
      gram_ = some.t().mm(some).div_(static_cast<double>(some.size(0)));
    }
    at::Tensor matrix = gram_ * curvature;
    const double mean = matrix.diagonal().sum().item<double>() / static_cast<double>(dimensions_ + 1);
    const double least = kLeastRidge * mean;
    at::Tensor added = at::ones({stride()}, at::kFloat);  // beyond the bias there is the identity
    added.narrow(0, 0, dimensions_).fill_(std::max(ridge, least));
    added[dimensions_] = std::max(bias_ridge, least);
    added = added.to(matrix.device());
    // Rounding may leave the matrix not definite: then that of one near by.
    for (double more = 0; more < 1; more = std::max(10 * more, 1e-6)) {
      at::Tensor shifted = matrix.clone();
      shifted.diagonal().add_(added).add_(more * mean);
      const auto [lower, info] = at::linalg_cholesky_ex(shifted);
      if (info.item<std::int64_t>() == 0) return lower;
    }
    throw Error(ErrorCode::model, "the Gram matrix of the labelled vectors has no factor");
  }

  void solve(const at::Tensor& factor, std::vector<float>& vectors) const {
    vectors = to_host(at::cholesky_solve(to_device(vectors).t(), factor).t());
  }

  /// Least squares against one-hot labels, scaled to be logits.
  std::vector<float> ridge_point() {
    std::vector<float> point(static_cast<std::size_t>(num_classes_ * stride()));
    std::vector<float> gradient;
    (*this)(point, gradient);
    for (std::size_t k = 0; k < point.size(); ++k) point[k] = -gradient[k];
    solve(factor(1, kStartRidge * ridge_, kRidgeOfBias), point);
    const auto scale = static_cast<float>(best_scale(to_device(point)));
    for (auto& value : point) value *= scale;
    return point;
  }

 private:
  at::Tensor to_device(const std::vector<float>& values) const {
    return to_tensor(View<const float, 2>(values.data(), {num_classes_, stride()})).to(rows_.device());
  }
  static std::vector<float> to_host(const at::Tensor& tensor) {
    const at::Tensor values = tensor.to(at::kCPU).contiguous();
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
  }

  /// As ProbeObjective::best_scale(), on some thousand rows.
  double best_scale(const at::Tensor& point) const {
    const std::int64_t step = std::max<std::int64_t>(1, rows_.size(0) / 1024);
    const auto some = [&](const at::Tensor& all) { return all.slice(0, 0, rows_.size(0), step); };
    const at::Tensor logits = some(rows_).mm(point.t());
    const at::Tensor own = logits.gather(1, some(labels_).unsqueeze(1)).squeeze(1);
    std::vector<float> scales;
    for (int k = 0; k < kScales; ++k) scales.push_back(static_cast<float>(std::pow(2, 0.5 * k)));
    const at::Tensor each = at::tensor(scales).to(logits.device());
    const at::Tensor scaled = logits.unsqueeze(0) * each.view({-1, 1, 1});
    const at::Tensor losses = (scaled.logsumexp(2) - own * each.unsqueeze(1)) * some(weights_);
    return scales[static_cast<std::size_t>(losses.sum(1).argmin().item<std::int64_t>())];
  }

  std::int64_t dimensions_;
  std::int64_t num_classes_;
  at::Tensor rows_;     ///< [n, stride]
  at::Tensor labels_;   ///< [n]
  at::Tensor weights_;  ///< [n]
  double ridge_;
  const Cancellation& cancellation_;
  at::Tensor gram_;  ///< of every step-th row, over their number
};

std::vector<float> point_of(const LinearModel& model, std::int64_t stride) {
  const std::int64_t dimensions = model.dimensions();
  std::vector<float> point(static_cast<std::size_t>(model.num_classes() * stride));
  for (std::int64_t c = 0; c < model.num_classes(); ++c) {
    std::copy_n(model.weights.data() + c * dimensions, dimensions, point.data() + c * stride);
    point[static_cast<std::size_t>(c * stride + dimensions)] = model.bias[static_cast<std::size_t>(c)];
  }
  return point;
}

LinearModel model_of(const std::vector<float>& point, std::int64_t num_classes, std::int64_t dimensions,
                     std::int64_t stride) {
  LinearModel model;
  model.weights = Array<float, 2>({num_classes, dimensions});
  for (std::int64_t c = 0; c < num_classes; ++c) {
    std::copy_n(point.data() + c * stride, dimensions, model.weights.data() + c * dimensions);
    model.bias.push_back(point[static_cast<std::size_t>(c * stride + dimensions)]);
  }
  return model;
}

}  // namespace

ProbeFit fit_probe_on(const at::Device& device, View<const float, 2> vectors, std::span<const std::int32_t> labels,
                      std::int64_t num_classes, const ProbeOptions& options, const LinearModel* start,
                      const Cancellation& cancellation) {
  options.validate();
  ensure(options.kind == ProbeKind::logistic, "multinomial logistic regression");
  ensure(vectors.shape[0] == std::ssize(labels) && !labels.empty() && num_classes > 0, "a label for each vector");
  const WithoutTf32 precise;
  DeviceProbe probe(device, vectors, labels, num_classes, options, cancellation);
  std::vector<float> point;
  if (start == nullptr) {
    point = probe.ridge_point();
  } else {
    ensure(start->num_classes() == num_classes && start->dimensions() == vectors.shape[1], "a start that fits");
    point = point_of(*start, probe.stride());
  }
  const at::Tensor factor = probe.factor(kCurvature, probe.ridge(), kBiasRidge);
  const LbfgsResult result =
      minimise([&](const std::vector<float>& at, std::vector<float>& gradient) { return probe(at, gradient); },
               [&](std::vector<float>& vector) { probe.solve(factor, vector); },
               {.tolerance = options.tolerance, .max_evaluations = options.max_evaluations}, point);
  return {model_of(point, num_classes, vectors.shape[1], probe.stride()),
          result.value,
          result.evaluations,
          result.converged,
          nullptr,
          false};
}

}  // namespace simile
