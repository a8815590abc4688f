// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include "model/network/architecture.hpp"
#include "model/network/state_dict.hpp"
#include "model/network/tensor_view.hpp"
#include "model/network/torch_errors.hpp"
#include "model/network/torch_network.hpp"
#include "train/torch/autoencoder_trainer.hpp"

#include "simile/core/text.hpp"
#include "simile/model/model_card.hpp"

namespace simile {
namespace {

constexpr std::int64_t kLargeSidePx = 256;

std::string architecture_for(std::int64_t side_px) {
  return side_px < kLargeSidePx ? "icas_autoencoder_128" : "icas_autoencoder_256";
}

/// Without what follows the feature maps, whose weights a file need not have.
FeatureMaps feature_maps_of(const PerceptualNetwork& perceptual, const at::Device& device) {
  FeatureMaps maps;
  ArchitectureOptions options = options_of(perceptual.card->architecture, *perceptual.weights);
  options.num_classes = 0;
  options.hidden_layers = false;
  maps.network = load_architecture(perceptual.card->architecture, *perceptual.weights, options);
  maps.layers = perceptual.layers;
  maps.network->to(device);
  const auto statistic = [&](const std::array<double, 3>& of) {
    return at::tensor(at::ArrayRef<double>(of), at::kFloat).view({1, 3, 1, 1}).to(device);
  };
  maps.mean = statistic(perceptual.card->mean);
  maps.deviation = statistic(perceptual.card->deviation);
  return maps;
}

std::unique_ptr<ReconstructionLoss> make_loss(const AutoencoderOptions& options, const PerceptualNetwork& perceptual,
                                              const at::Device& device) {
  if (options.loss == AutoencoderLoss::mse) return make_mse_loss();
  if (options.loss == AutoencoderLoss::l1) return make_l1_loss();
  ensure(perceptual.card != nullptr && perceptual.weights != nullptr, "no network for the perceptual loss");
  FeatureMaps maps = feature_maps_of(perceptual, device);
  // Here, and not at the first step: whether the layers are there and the size is one that the network can take.
  const c10::NoGradGuard no_gradients;
  maps.network->eval();
  const at::Tensor blank = at::zeros({1, 3, options.side_px, options.side_px}, at::TensorOptions().device(device));
  maps.network->feature_maps(blank, maps.layers);
  return make_perceptual_loss(std::move(maps));
}

class TorchAutoencoders final : public AutoencoderBackend {
 public:
  std::unique_ptr<AutoencoderTrainer> start(View<const std::uint8_t, 4> images, const AutoencoderOptions& options,
                                            const PerceptualNetwork& perceptual, const Device& device,
                                            int threads) const override {
    options.validate();
    ensure(images.shape[1] == options.side_px && images.shape[2] == options.side_px && images.shape[3] == 3 &&
               images.contiguous(),
           "images of another shape");
    scalar_type({options.precision, device, threads});  // whether the device has it
    return with_torch_errors([&]() -> std::unique_ptr<AutoencoderTrainer> {
      at::set_num_threads(threads);
      const at::Device where = torch_device(device);
      auto loss = make_loss(options, perceptual, where);
      at::manual_seed(options.seed);
      const std::string architecture = architecture_for(options.side_px);
      const auto network = make_architecture(architecture);
      network->to(where);
      return std::make_unique<TorchAutoencoderTrainer>(architecture, network, ImageBatches(images, where),
                                                       std::move(loss), options, where, threads);
    });
  }
};

}  // namespace
}  // namespace simile

extern "C" const void* simile_autoencoder_backend() {
  static const simile::TorchAutoencoders kAutoencoders;
  return static_cast<const simile::AutoencoderBackend*>(&kAutoencoders);
}
