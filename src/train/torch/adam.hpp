// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace simile {

/// Adam (Kingma, Ba, ICLR 2015) with beta 0.9 and 0.999, epsilon 1e-8, all parameters in one call. (Not torch::optim:
/// its Adam updates one parameter after the other by a dozen operations each, and its state cannot be taken out.)
class Adam {
 public:
  explicit Adam(std::vector<at::Tensor> parameters);

  void clear_gradients();
  void step(double learning_rate);

  /// As the parameters, in their order; to be written to when a training goes on.
  const std::vector<at::Tensor>& first_moments() const { return first_; }
  const std::vector<at::Tensor>& second_moments() const { return second_; }
  std::int64_t num_steps() const { return num_steps_; }
  void set_num_steps(std::int64_t steps);

 private:
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> first_;
  std::vector<at::Tensor> second_;
  std::vector<at::Tensor> steps_;  ///< one value each, as LibTorch wants them
  std::int64_t num_steps_ = 0;
};

}  // namespace simile
