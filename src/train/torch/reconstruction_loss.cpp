// SPDX-License-Identifier: Apache-2.0
#include "train/torch/reconstruction_loss.hpp"

#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "model/network/architecture.hpp"

namespace simile {
namespace {

class MseLoss final : public ReconstructionLoss {
 public:
  at::Tensor of(const at::Tensor& reconstructions, const at::Tensor& images) const override {
    return at::mse_loss(reconstructions, images);
  }
};

class L1Loss final : public ReconstructionLoss {
 public:
  at::Tensor of(const at::Tensor& reconstructions, const at::Tensor& images) const override {
    return at::l1_loss(reconstructions, images);
  }
};

class PerceptualLoss final : public ReconstructionLoss {
 public:
  explicit PerceptualLoss(FeatureMaps maps) : maps_(std::move(maps)) {
    for (auto& parameter : maps_.network->parameters()) parameter.set_requires_grad(false);
    maps_.network->eval();
  }

  at::Tensor of(const at::Tensor& reconstructions, const at::Tensor& images) const override {
    std::vector<at::Tensor> wanted;
    {
      const c10::NoGradGuard no_gradients;
      wanted = look(images);
    }
    const auto seen = look(reconstructions);
    at::Tensor sum;
    for (std::size_t k = 0; k < seen.size(); ++k) {
      // The absolute difference: signed ones would cancel.
      const at::Tensor difference = at::l1_loss(seen[k].to(at::kFloat), wanted[k].to(at::kFloat));
      sum = k == 0 ? difference : sum + difference;
    }
    return sum / static_cast<double>(seen.size());
  }

 private:
  std::vector<at::Tensor> look(const at::Tensor& images) const {
    return maps_.network->feature_maps((images - maps_.mean) / maps_.deviation, maps_.layers);
  }

  FeatureMaps maps_;
};

}  // namespace

std::unique_ptr<ReconstructionLoss> make_mse_loss() { return std::make_unique<MseLoss>(); }
std::unique_ptr<ReconstructionLoss> make_l1_loss() { return std::make_unique<L1Loss>(); }
std::unique_ptr<ReconstructionLoss> make_perceptual_loss(FeatureMaps maps) {
  return std::make_unique<PerceptualLoss>(std::move(maps));
}

}  // namespace simile
