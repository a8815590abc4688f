// SPDX-License-Identifier: Apache-2.0
#include "train/torch/fine_tuner.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "model/network/state_dict.hpp"
#include "model/network/tensor_view.hpp"
#include "model/network/torch_errors.hpp"
#include "train/torch/adam.hpp"
#include "train/torch/host_tensor.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/model/model_card.hpp"

namespace simile {
namespace {

constexpr double kWarmUpShare = 0.1;
constexpr std::int64_t kCpuBatch = 4;  // without gradients; larger ones leave the caches
constexpr std::int64_t kCudaBatch = 64;
// Of what the images leave of the budget; what LibTorch needs for a step comes beside it.
constexpr double kKeptShare = 0.5;

/// A tenth of the steps up to 1, the others down to 0 as a cosine.
double rate_share(std::int64_t step, std::int64_t steps) {
  const double done = static_cast<double>(step) / static_cast<double>(steps);
  const double warm = std::min(1.0, static_cast<double>(step + 1) / (kWarmUpShare * static_cast<double>(steps)));
  return 0.5 * warm * (1 + std::cos(done * std::acos(-1.0)));
}

at::Tensor channels_last(const at::Tensor& x) {
  return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.contiguous();
}

at::Tensor of_channels(const std::array<double, 3>& values, const at::Device& device) {
  std::array<float, 3> scaled{};
  for (std::size_t k = 0; k < values.size(); ++k) scaled[k] = static_cast<float>(255 * values[k]);
  return at::tensor(at::ArrayRef<float>(scaled)).view({1, 3, 1, 1}).to(device);
}

/// Of each class: 1, or such that those that are there weigh the same.
std::vector<float> class_weights(std::span<const std::int32_t> labels, std::int64_t num_classes, bool balanced) {
  std::vector<float> weights(static_cast<std::size_t>(num_classes), 1);
  if (!balanced) return weights;
  std::vector<std::int64_t> counts(weights.size());
  for (const auto label : labels) ++counts[static_cast<std::size_t>(label)];
  const auto present = std::count_if(counts.begin(), counts.end(), [](std::int64_t count) { return count > 0; });
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    weights[c] = static_cast<float>(static_cast<double>(labels.size()) /
                                    (static_cast<double>(present) * static_cast<double>(counts[c])));
  }
  return weights;
}

void shuffle(std::vector<std::size_t>& order, Random& random) {
  for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
}

}  // namespace

TorchFineTuner::TorchFineTuner(std::shared_ptr<LayeredNetwork> network, std::shared_ptr<LayeredNetwork> fixed,
                               const ModelCard& card, View<const std::uint8_t, 4> images,
                               const FineTuningOptions& options, const Context& context)
    : network_(std::move(network)),
      fixed_(std::move(fixed)),
      options_(options),
      device_(torch_device(context.device)),
      images_(to_tensor(images)),
      mean_(of_channels(card.mean, device_)),
      deviation_(of_channels(card.deviation, device_)),
      last_(card.layer.empty() ? network_->default_layer() : card.layer) {
  at::set_num_threads(context.pool.num_threads());
  cut(options.stages);
  find_trained();
  keep_outputs(context);
}

std::int64_t TorchFineTuner::forward_batch() const { return device_.is_cuda() ? kCudaBatch : kCpuBatch; }

void TorchFineTuner::cut(std::int64_t stages) {
  // Stages that the embedding depends on.
  const auto layers = network_->layers();
  auto end = std::find(layers.begin(), layers.end(), last_);
  if (end != layers.end()) ++end;
  std::vector<std::string> before;
  for (const auto& stage : network_->stages()) {
    if (std::find(layers.begin(), end, stage) != end) before.push_back(stage);
  }
  if (stages == 0) return;
  const std::int64_t most = std::ssize(before) - 1;
  if (stages > most) {
    throw Error(ErrorCode::invalid_argument,
                concat("--stages ", stages, ": allowed of this network are all, 1 to ", most));
  }
  after_ = before[static_cast<std::size_t>(most - stages)];
}

/// Those on which the embedding depends after the cut: whose gradient one pass back reaches.
void TorchFineTuner::find_trained() {
  for (auto& parameter : network_->parameters()) parameter.requires_grad_(true);
  const std::array<std::int64_t, 1> first{0};
  const at::Tensor embedding = embeddings_of(inputs_of(first, {}));
  dimensions_ = embedding.size(1);
  embedding.sum().backward();
  for (auto& parameter : network_->parameters()) {
    const bool reached = parameter.grad().defined();
    parameter.mutable_grad().reset();
    parameter.requires_grad_(reached);
    if (!reached) continue;
    trained_.push_back(parameter);
    at_first_.push_back(parameter.detach().clone());
  }
}

void TorchFineTuner::keep_outputs(const Context& context) {
  if (after_.empty()) return;
  const c10::NoGradGuard no_gradients;
  const std::array<std::int64_t, 1> first{0};
  const std::int64_t count = images_.size(0) * (options_.mirror ? 2 : 1);
  const double bytes = static_cast<double>(inputs_of(first, {}).nbytes()) * static_cast<double>(count);
  const auto cannot = [&](const char* what) {
    context.progress.note(concat(what, " does not allow keeping what the first stages give (",
                                 format_bytes(static_cast<std::int64_t>(bytes)), "): every epoch takes it anew"));
  };
  const auto left = static_cast<double>(context.memory_bytes - images_.numel());
  if (bytes > kKeptShare * left) {
    cannot("--memory");
    return;
  }
  ProgressPhase phase(context.progress, "first stages", count, "images");
  try {
    const at::Tensor plain = outputs_before_cut(false, phase, context);
    kept_mirrored_ = options_.mirror ? outputs_before_cut(true, phase, context) : at::Tensor();
    kept_ = plain;
  } catch (const c10::OutOfMemoryError&) {
    cannot("the GPU's memory");
  }
}

at::Tensor TorchFineTuner::outputs_before_cut(bool mirrored, ProgressPhase& phase, const Context& context) const {
  const std::int64_t count = images_.size(0);
  at::Tensor outputs;
  for (std::int64_t begin = 0; begin < count; begin += forward_batch()) {
    context.cancellation.check();
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(forward_batch(), count - begin)));
    std::iota(rows.begin(), rows.end(), begin);
    const at::Tensor part = inputs_of(rows, mirrored ? at::ones({std::ssize(rows)}, at::kBool) : Mirrored());
    if (!outputs.defined()) {
      auto shape = part.sizes().vec();
      shape[0] = count;
      outputs = at::empty(shape, part.options());
    }
    outputs.narrow(0, begin, std::ssize(rows)).copy_(part);
    phase.advance(std::ssize(rows));
  }
  return outputs;
}

std::int64_t TorchFineTuner::num_trained() const {
  std::int64_t count = 0;
  for (const auto& parameter : trained_) count += parameter.numel();
  return count;
}

std::int64_t TorchFineTuner::num_parameters() const {
  std::int64_t count = 0;
  for (const auto& parameter : network_->parameters()) count += parameter.numel();
  return count;
}

void TorchFineTuner::restart() {
  with_torch_errors([&] {
    const c10::NoGradGuard no_gradients;
    for (std::size_t k = 0; k < trained_.size(); ++k) trained_[k].copy_(at_first_[k]);
  });
}

void TorchFineTuner::restart_from(const SafetensorsFile& weights) {
  with_torch_errors([&] {
    const c10::NoGradGuard no_gradients;
    for (const auto& each : network_->named_parameters()) {
      if (each.value().requires_grad()) read_tensor(weights, each.key(), each.value());
    }
  });
}

at::Tensor TorchFineTuner::indices_of(std::span<const std::int64_t> rows) const {
  return at::tensor(at::ArrayRef<std::int64_t>(rows.data(), rows.size()), at::kLong);
}

at::Tensor TorchFineTuner::images_of(const at::Tensor& rows, const Mirrored& mirrored) const {
  auto bytes = images_.index_select(0, rows).to(device_);
  if (mirrored.defined()) bytes = at::where(mirrored.to(device_).view({-1, 1, 1, 1}), bytes.flip({2}), bytes);
  return channels_last(((bytes.permute({0, 3, 1, 2}).to(at::kFloat) - mean_) / deviation_));
}

at::Tensor TorchFineTuner::inputs_of(std::span<const std::int64_t> rows, const Mirrored& mirrored) const {
  const at::Tensor indices = indices_of(rows);
  if (kept_.defined()) {
    const auto here = indices.to(device_);
    auto inputs = kept_.index_select(0, here);
    if (mirrored.defined()) {
      std::vector<std::int64_t> axes(static_cast<std::size_t>(inputs.dim()), 1);
      axes[0] = -1;
      inputs = at::where(mirrored.to(device_).view(axes), kept_mirrored_.index_select(0, here), inputs);
    }
    return channels_last(inputs);
  }
  const auto images = images_of(indices, mirrored);
  if (after_.empty()) return images;
  const c10::NoGradGuard no_gradients;
  return fixed_->run(images, {}, after_);
}

at::Tensor TorchFineTuner::embeddings_of(const at::Tensor& inputs) const {
  return pooled(network_->run(inputs, after_, last_));
}

Array<float, 2> TorchFineTuner::embed(std::span<const std::int64_t> rows, const Context& context) {
  return with_torch_errors([&] {
    const c10::NoGradGuard no_gradients;
    at::set_num_threads(context.pool.num_threads());
    Array<float, 2> vectors({std::ssize(rows), dimensions_});
    const at::Tensor target = to_tensor(vectors.view());
    for (std::int64_t begin = 0; begin < std::ssize(rows); begin += forward_batch()) {
      context.cancellation.check();
      const auto count = std::min(forward_batch(), std::ssize(rows) - begin);
      const auto batch = rows.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
      target.narrow(0, begin, count).copy_(embeddings_of(inputs_of(batch, {})));
    }
    return vectors;
  });
}

double TorchFineTuner::train(std::span<const std::int64_t> rows, std::span<const std::int32_t> labels,
                             LinearModel& head, std::int64_t epochs, const Context& context) {
  ensure(rows.size() == labels.size() && !rows.empty() && head.dimensions() == dimensions_, "a label for each image");
  return with_torch_errors([&] {
    at::set_num_threads(context.pool.num_threads());
    const View<const float, 1> given_bias(head.bias.data(), {head.num_classes()});
    at::Tensor weight = to_tensor(head.weights.view()).to(device_, /*non_blocking=*/false, /*copy=*/true);
    at::Tensor bias = to_tensor(given_bias).to(device_, /*non_blocking=*/false, /*copy=*/true);
    weight.requires_grad_(true);
    bias.requires_grad_(true);
    std::vector<at::Tensor> parameters = trained_;
    parameters.insert(parameters.end(), {weight, bias});
    Adam adam(parameters);
    const at::Tensor of_classes = at::tensor(class_weights(labels, head.num_classes(), options_.balanced)).to(device_);
    Random random(options_.seed);
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), 0);
    const std::int64_t batches = (std::ssize(rows) + options_.batch_size - 1) / options_.batch_size;
    const std::int64_t steps = epochs * batches;
    std::int64_t step = 0;
    double loss_of_epoch = 0;
    ProgressPhase phase(context.progress, "fine-tuning", epochs * std::ssize(rows), "images");
    for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
      shuffle(order, random);
      loss_of_epoch = 0;
      for (std::int64_t batch = 0; batch < batches; ++batch, ++step) {
        context.cancellation.check();
        std::vector<std::int64_t> images;
        std::vector<std::int64_t> classes;
        at::Tensor mirrored;
        const auto end = std::min(std::ssize(order), (batch + 1) * options_.batch_size);
        for (std::int64_t k = batch * options_.batch_size; k < end; ++k) {
          images.push_back(rows[order[static_cast<std::size_t>(k)]]);
          classes.push_back(labels[order[static_cast<std::size_t>(k)]]);
        }
        if (options_.mirror) {
          mirrored = at::empty({std::ssize(images)}, at::kBool);
          for (std::size_t k = 0; k < images.size(); ++k) mirrored.data_ptr<bool>()[k] = random.below(2) == 1;
        }
        const at::Tensor embeddings = embeddings_of(inputs_of(images, mirrored));
        const at::Tensor lengths = embeddings.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
        const at::Tensor scores = at::addmm(bias, embeddings / lengths, weight.t());
        const at::Tensor loss = at::cross_entropy_loss(scores, indices_of(classes).to(device_), of_classes);
        adam.clear_gradients();
        loss.backward();
        loss_of_epoch += loss.item<double>() * static_cast<double>(images.size());
        if (!std::isfinite(loss_of_epoch)) {
          throw Error(ErrorCode::model, concat("the loss of epoch ", epoch + 1, " is ", loss_of_epoch, " (--lr ",
                                               options_.learning_rate, "): a lower --lr may help"));
        }
        adam.step(options_.learning_rate * rate_share(step, steps));
        phase.advance(std::ssize(images));
      }
      loss_of_epoch /= static_cast<double>(rows.size());
    }
    const c10::NoGradGuard no_gradients;
    to_tensor(head.weights.view()).copy_(weight.detach());
    const View<float, 1> new_bias(head.bias.data(), {head.num_classes()});
    to_tensor(new_bias).copy_(bias.detach());
    adam.clear_gradients();
    return loss_of_epoch;
  });
}

std::vector<HostTensor> TorchFineTuner::weights() const {
  return with_torch_errors([&] { return host_tensors(*network_, ""); });
}

}  // namespace simile
