// SPDX-License-Identifier: Apache-2.0
#include "train/torch/adam.hpp"

#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace simile {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

}  // namespace

Adam::Adam(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {
  for (const auto& parameter : parameters_) {
    const at::Tensor values = parameter.detach();
    first_.push_back(at::zeros_like(values));
    second_.push_back(at::zeros_like(values));
    steps_.push_back(at::zeros({}, values.options().dtype(at::kFloat)));
  }
}

void Adam::clear_gradients() {
  for (auto& parameter : parameters_) parameter.mutable_grad().reset();
}

void Adam::step(double learning_rate) {
  const c10::NoGradGuard no_gradients;
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters_.size());
  for (const auto& parameter : parameters_) {
    // The CPU's fused step goes through memory as it lies.
    at::Tensor gradient = parameter.grad();
    if (gradient.strides() != parameter.strides()) gradient = at::empty_like(parameter.detach()).copy_(gradient);
    gradients.push_back(std::move(gradient));
  }
  ++num_steps_;
  for (auto& step : steps_) step.fill_(static_cast<double>(num_steps_));
  at::_fused_adam_(parameters_, gradients, first_, second_, {}, steps_, learning_rate, kBeta1, kBeta2,
                   /*weight_decay=*/0, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
}

void Adam::set_num_steps(std::int64_t steps) { num_steps_ = steps; }

}  // namespace simile
