// SPDX-License-Identifier: Apache-2.0
#include "train/torch/autoencoder_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>

#include "model/network/tensor_view.hpp"
#include "model/network/torch_errors.hpp"
#include "train/torch/host_tensor.hpp"

namespace simile {
namespace {

constexpr double kMaxByte = 255;
constexpr const char* kWeights = "weights.";
constexpr const char* kFirst = "first.";
constexpr const char* kSecond = "second.";
constexpr const char* kSteps = "steps";

/// Layers in bf16 where LibTorch finds that their results allow it.
class Autocast {
 public:
  Autocast(const at::Device& device, Precision precision) : kind_(device.type()), on_(precision == Precision::bf16) {
    if (!on_) return;
    was_on_ = at::autocast::is_autocast_enabled(kind_);
    at::autocast::set_autocast_enabled(kind_, true);
    at::autocast::set_autocast_dtype(kind_, at::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (!on_) return;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(kind_, was_on_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType kind_;
  bool on_;
  bool was_on_ = false;
};

std::vector<at::Tensor> values_of(const NetworkModule& network) {
  std::vector<at::Tensor> values;
  for (const auto& each : network.named_parameters()) values.push_back(each.value());
  return values;
}

}  // namespace

TorchAutoencoderTrainer::TorchAutoencoderTrainer(std::string architecture, std::shared_ptr<NetworkModule> network,
                                                 ImageBatches images, std::unique_ptr<ReconstructionLoss> loss,
                                                 const AutoencoderOptions& options, const at::Device& device,
                                                 int threads)
    : architecture_(std::move(architecture)),
      network_(std::move(network)),
      images_(std::move(images)),
      loss_(std::move(loss)),
      options_(options),
      device_(device),
      threads_(threads),
      adam_(values_of(*network_)) {
  for (const auto& each : network_->named_parameters()) parameter_names_.push_back(each.key());
  const at::NoGradGuard no_gradients;
  network_->eval();
  const auto blank = at::zeros({1, 3, options.side_px, options.side_px}, at::TensorOptions().device(device));
  dimensions_ = network_->embedding(blank).size(1);
}

template <class Visit>
void TorchAutoencoderTrainer::for_each_batch(std::span<const std::int64_t> rows, const Visit& visit) const {
  at::set_num_threads(threads_);
  const auto batch = static_cast<std::size_t>(options_.batch_size);
  for (std::size_t begin = 0; begin < rows.size(); begin += batch) {
    if (!visit(rows.subspan(begin, std::min(batch, rows.size() - begin)))) return;
  }
}

at::Tensor TorchAutoencoderTrainer::reconstruct_values(const at::Tensor& images) {
  const Autocast autocast(device_, options_.precision);
  return network_->forward(images).to(at::kFloat);
}

double TorchAutoencoderTrainer::train(std::span<const std::int64_t> rows, std::int64_t epoch, double learning_rate,
                                      const StepDone& done) {
  return with_torch_errors([&] {
    // Everything that an epoch draws begins with it, so that a resumed training draws the same.
    Random random(Random(options_.seed).next() ^ Random(static_cast<std::uint64_t>(epoch)).next());
    at::manual_seed(random.next());
    network_->train();
    double sum = 0;
    for_each_batch(rows, [&](std::span<const std::int64_t> batch) {
      const at::Tensor images = options_.augment ? images_.take_varied(batch, random) : images_.take(batch);
      at::Tensor loss;
      {
        const at::Tensor reconstructions = reconstruct_values(images);
        const Autocast autocast(device_, options_.precision);
        loss = loss_->of(reconstructions, images);
      }
      adam_.clear_gradients();
      loss.backward();
      sum += loss.item<double>() * static_cast<double>(batch.size());
      if (!std::isfinite(sum)) return false;
      adam_.step(learning_rate);
      done(std::ssize(batch));
      return true;
    });
    return sum / static_cast<double>(rows.size());
  });
}

double TorchAutoencoderTrainer::evaluate(std::span<const std::int64_t> rows, const StepDone& done) {
  return with_torch_errors([&] {
    const at::NoGradGuard no_gradients;
    network_->eval();
    double sum = 0;
    for_each_batch(rows, [&](std::span<const std::int64_t> batch) {
      const at::Tensor images = images_.take(batch);
      const at::Tensor reconstructions = reconstruct_values(images);
      const Autocast autocast(device_, options_.precision);
      sum += loss_->of(reconstructions, images).item<double>() * static_cast<double>(batch.size());
      done(std::ssize(batch));
      return true;
    });
    return sum / static_cast<double>(rows.size());
  });
}

Array<std::uint8_t, 4> TorchAutoencoderTrainer::reconstruct(std::span<const std::int64_t> rows) {
  return with_torch_errors([&] {
    const at::NoGradGuard no_gradients;
    network_->eval();
    Array<std::uint8_t, 4> pictures({std::ssize(rows), options_.side_px, options_.side_px, 3});
    const at::Tensor target = to_tensor(pictures.view());
    std::int64_t begin = 0;
    for_each_batch(rows, [&](std::span<const std::int64_t> batch) {
      const at::Tensor values = reconstruct_values(images_.take(batch)).mul(kMaxByte).round_().clamp_(0, kMaxByte);
      target.narrow(0, begin, std::ssize(batch)).copy_(values.permute({0, 2, 3, 1}));
      begin += std::ssize(batch);
      return true;
    });
    return pictures;
  });
}

std::vector<HostTensor> TorchAutoencoderTrainer::weights() const {
  return with_torch_errors([&] { return host_tensors(*network_, ""); });
}

std::vector<HostTensor> TorchAutoencoderTrainer::state() const {
  return with_torch_errors([&] {
    auto all = host_tensors(*network_, kWeights);
    for (std::size_t k = 0; k < parameter_names_.size(); ++k) {
      all.push_back(host_tensor(kFirst + parameter_names_[k], adam_.first_moments()[k]));
      all.push_back(host_tensor(kSecond + parameter_names_[k], adam_.second_moments()[k]));
    }
    all.push_back(host_tensor(kSteps, at::scalar_tensor(adam_.num_steps(), at::kLong)));
    return all;
  });
}

void TorchAutoencoderTrainer::restore(const SafetensorsFile& state) {
  with_torch_errors([&] {
    const at::NoGradGuard no_gradients;
    for (const auto& each : network_->named_parameters()) read_tensor(state, kWeights + each.key(), each.value());
    for (const auto& each : network_->named_buffers()) read_tensor(state, kWeights + each.key(), each.value());
    for (std::size_t k = 0; k < parameter_names_.size(); ++k) {
      read_tensor(state, kFirst + parameter_names_[k], adam_.first_moments()[k]);
      read_tensor(state, kSecond + parameter_names_[k], adam_.second_moments()[k]);
    }
    const at::Tensor steps = at::zeros({}, at::kLong);
    read_tensor(state, kSteps, steps);
    adam_.set_num_steps(steps.item<std::int64_t>());
  });
}

std::int64_t TorchAutoencoderTrainer::num_parameters() const {
  std::int64_t count = 0;
  for (const auto& parameter : network_->parameters()) count += parameter.numel();
  return count;
}

}  // namespace simile
