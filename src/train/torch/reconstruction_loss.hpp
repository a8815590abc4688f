// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "simile/train/autoencoder.hpp"

namespace simile {

class NetworkModule;

/// Mean over a batch of what separates images from their reconstructions, both [b, 3, h, w] with values 0 to 1.
class ReconstructionLoss {
 public:
  virtual ~ReconstructionLoss() = default;
  virtual at::Tensor of(const at::Tensor& reconstructions, const at::Tensor& images) const = 0;
};

std::unique_ptr<ReconstructionLoss> make_mse_loss();
std::unique_ptr<ReconstructionLoss> make_l1_loss();

/// A network that looks at images as PerceptualNetwork says; its weights stay as they are.
struct FeatureMaps {
  std::shared_ptr<NetworkModule> network;  ///< in evaluation mode, on the device
  std::vector<std::string> layers;
  at::Tensor mean;       ///< [1, 3, 1, 1]: what the network was trained to have taken off
  at::Tensor deviation;  ///< and to be divided by
};
std::unique_ptr<ReconstructionLoss> make_perceptual_loss(FeatureMaps maps);

}  // namespace simile
