// SPDX-License-Identifier: Apache-2.0
// The helper's small network. Its gradient is written out: two layers need no autograd, and a file with ATen alone
// compiles in half the time.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include "model/network/tensor_view.hpp"
#include "model/network/torch_errors.hpp"
#include "train/torch/probe_fit.hpp"

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/train/helper.hpp"

namespace simile {
namespace {

constexpr double kMomentum = 0.9;   // AdamW's beta 1 (Loshchilov & Hutter 2019)
constexpr double kSquares = 0.999;  // beta 2
constexpr double kLeastSquare = 1e-8;

/// A parameter with AdamW's averages.
struct Parameter {
  at::Tensor value;
  at::Tensor mean = at::zeros_like(value);
  at::Tensor square = at::zeros_like(value);

  void step(const at::Tensor& gradient, double rate, double decay, std::int64_t step) {
    value.mul_(1 - rate * decay);
    mean.mul_(kMomentum).add_(gradient, 1 - kMomentum);
    square.mul_(kSquares).addcmul_(gradient, gradient, 1 - kSquares);
    const double mean_share = 1 - std::pow(kMomentum, static_cast<double>(step));
    const double square_share = 1 - std::pow(kSquares, static_cast<double>(step));
    value.addcdiv_(mean, (square / square_share).sqrt_().add_(kLeastSquare), -rate / mean_share);
  }
};

/// [outputs, inputs], uniform within the root of 1 / inputs: a stream that is the same on every machine.
at::Tensor drawn(std::int64_t outputs, std::int64_t inputs, Random& random) {
  at::Tensor weights = at::empty({outputs, inputs}, at::kFloat);
  auto* const values = weights.data_ptr<float>();
  const double reach = 1 / std::sqrt(static_cast<double>(inputs));
  for (std::int64_t k = 0; k < weights.numel(); ++k) {
    values[k] = static_cast<float>(reach * (2 * random.uniform() - 1));
  }
  return weights;
}

at::Tensor copied(const LinearModel& layer) { return to_tensor(layer.weights.view()).clone(); }

at::Tensor copied_bias(const LinearModel& layer) {
  const View<const float, 1> bias(layer.bias.data(), {std::ssize(layer.bias)});
  return to_tensor(bias).clone();
}

LinearModel layer_of(const at::Tensor& weights, const at::Tensor& bias) {
  LinearModel layer;
  layer.weights = Array<float, 2>({weights.size(0), weights.size(1)});
  std::copy_n(weights.contiguous().data_ptr<float>(), weights.numel(), layer.weights.data());
  layer.bias.assign(bias.data_ptr<float>(), bias.data_ptr<float>() + bias.numel());
  return layer;
}

/// A weight for each item: 1, or such that classes weigh the same.
at::Tensor weights_of(std::span<const std::int32_t> labels, std::int64_t num_classes, bool balanced) {
  std::vector<float> weights(labels.size(), 1);
  if (balanced) {
    std::vector<double> counts(static_cast<std::size_t>(num_classes));
    for (const auto label : labels) ++counts[static_cast<std::size_t>(label)];
    for (std::size_t k = 0; k < labels.size(); ++k) {
      weights[k] = static_cast<float>(static_cast<double>(labels.size()) /
                                      (static_cast<double>(num_classes) * counts[static_cast<std::size_t>(labels[k])]));
    }
  }
  return at::tensor(weights);
}

bool starts_well(std::span<const LinearModel> start, std::int64_t inputs, std::int64_t hidden, std::int64_t classes) {
  return start.size() == 2 && start[0].dimensions() == inputs && start[0].num_classes() == hidden &&
         start[1].num_classes() == classes;
}

class TorchHelper final : public HelperBackend {
 public:
  std::vector<LinearModel> train_mlp(View<const float, 2> vectors, std::span<const std::int32_t> labels,
                                     std::int64_t num_classes, const MlpOptions& options,
                                     std::span<const LinearModel> start, const Context& context) const override {
    return with_torch_errors([&] { return train(vectors, labels, num_classes, options, start, context); });
  }

  ProbeFit fit_probe(View<const float, 2> vectors, std::span<const std::int32_t> labels, std::int64_t num_classes,
                     const ProbeOptions& options, const LinearModel* start, const Context& context) const override {
    return with_torch_errors([&] {
      at::set_num_threads(context.pool.num_threads());
      return fit_probe_on(torch_device(context.device), vectors, labels, num_classes, options, start,
                          context.cancellation);
    });
  }

 private:
  static std::vector<LinearModel> train(View<const float, 2> vectors, std::span<const std::int32_t> labels,
                                        std::int64_t num_classes, const MlpOptions& options,
                                        std::span<const LinearModel> start, const Context& context) {
    options.validate();
    ensure(vectors.shape[0] == std::ssize(labels) && !labels.empty(), "a label for each vector");
    at::set_num_threads(options.threads);
    Random random(options.seed);
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(options.seed);
    const std::int64_t count = vectors.shape[0];
    const at::Tensor inputs = to_tensor(vectors);
    const std::vector<std::int64_t> wide(labels.begin(), labels.end());
    const at::Tensor classes = at::tensor(wide);
    const at::Tensor weights = weights_of(labels, num_classes, options.balanced);
    const bool warm = starts_well(start, vectors.shape[1], options.hidden, num_classes);
    Parameter w1{warm ? copied(start[0]) : drawn(options.hidden, vectors.shape[1], random)};
    Parameter b1{warm ? copied_bias(start[0]) : at::zeros({options.hidden})};
    Parameter w2{warm ? copied(start[1]) : drawn(num_classes, options.hidden, random)};
    Parameter b2{warm ? copied_bias(start[1]) : at::zeros({num_classes})};
    // Unit vectors of many values are small ones: brought to a length of the root of their number, as layers expect.
    const double length = std::sqrt(static_cast<double>(vectors.shape[1]));
    const at::Tensor scaled = inputs * length;
    if (warm) w1.value.div_(length);
    std::vector<std::int64_t> order(labels.size());
    std::iota(order.begin(), order.end(), 0);
    const std::int64_t batches = (count + options.batch - 1) / options.batch;
    std::int64_t step = 0;
    for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
      context.cancellation.check();
      for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
      double loss = 0;
      for (std::int64_t batch = 0; batch < batches; ++batch) {
        const auto first = order.begin() + batch * options.batch;
        const std::vector<std::int64_t> chosen(first, first + std::min(options.batch, order.end() - first));
        const at::Tensor rows = at::tensor(chosen);
        const at::Tensor x = scaled.index_select(0, rows);
        const at::Tensor y = classes.index_select(0, rows).unsqueeze(1);
        const at::Tensor weight = weights.index_select(0, rows).unsqueeze(1);
        const at::Tensor mask =
            at::empty({x.size(0), options.hidden}).bernoulli_(1 - options.dropout, generator) / (1 - options.dropout);
        const at::Tensor hidden = at::addmm(b1.value, x, w1.value.t()).clamp_min_(0).mul_(mask);
        const at::Tensor logs = at::log_softmax(at::addmm(b2.value, hidden, w2.value.t()), 1);
        loss -= (logs.gather(1, y) * weight).sum().item<double>();
        at::Tensor slope = logs.exp();
        slope.scatter_add_(1, y, at::full_like(y, -1, slope.options()));
        slope.mul_(weight / static_cast<double>(x.size(0)));
        const at::Tensor back = slope.mm(w2.value) * mask * hidden.gt(0);
        // A cosine down to nothing: the last steps settle.
        const double done = static_cast<double>(step) / static_cast<double>(options.epochs * batches);
        const double rate = 0.5 * options.learning_rate * (1 + std::cos(done * std::acos(-1.0)));
        ++step;
        w2.step(slope.t().mm(hidden), rate, options.weight_decay, step);
        b2.step(slope.sum(0), rate, 0, step);
        w1.step(back.t().mm(x), rate, options.weight_decay, step);
        b1.step(back.sum(0), rate, 0, step);
      }
      if (!std::isfinite(loss)) {
        throw Error(ErrorCode::model,
                    concat("the helper's loss is not finite in epoch ", epoch + 1, ": a smaller --lr may help"));
      }
    }
    std::vector<LinearModel> layers;
    layers.push_back(layer_of(w1.value * length, b1.value));
    layers.push_back(layer_of(w2.value, b2.value));
    return layers;
  }
};

}  // namespace
}  // namespace simile

extern "C" const void* simile_helper_backend() {
  static const simile::TorchHelper kHelper;
  return static_cast<const simile::HelperBackend*>(&kHelper);
}
