// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "model/network/efficientnet_lite.hpp"
#include "model/network/state_dict.hpp"
#include "model/network/tensor_view.hpp"
#include "model/network/torch_errors.hpp"
#include "train/torch/fine_tuner.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_card.hpp"

namespace simile {
namespace {

class TorchFineTuning final : public FineTuningBackend {
 public:
  std::unique_ptr<FineTuner> open(View<const std::uint8_t, 4> images, const ModelCard& card,
                                  const SafetensorsFile& weights, const FineTuningOptions& options,
                                  const Context& context) const override {
    options.validate();
    ensure(images.shape[0] > 0 && images.shape[1] == card.height_px && images.shape[2] == card.width_px &&
               images.shape[3] == 3 && images.contiguous(),
           "images of another shape");
    return with_torch_errors([&]() -> std::unique_ptr<FineTuner> {
      auto network = load(card, weights, context.device);
      network->check_size(card.height_px, card.width_px);
      std::shared_ptr<LayeredNetwork> fixed;
      if (options.stages > 0) {
        fixed = load(card, weights, context.device);
        make_for_inference(*fixed, context.device);
      }
      return std::make_unique<TorchFineTuner>(std::move(network), std::move(fixed), card, images, options, context);
    });
  }

 private:
  static std::shared_ptr<LayeredNetwork> load(const ModelCard& card, const SafetensorsFile& weights,
                                              const Device& device) {
    auto network = std::dynamic_pointer_cast<LayeredNetwork>(load_architecture(card.architecture, weights));
    if (network == nullptr) {
      throw Error(ErrorCode::invalid_argument, concat("model ", in_quotes(card.name), ": ", card.architecture,
                                                      " has no stages that could be trained by themselves"));
    }
    network->to(torch_device(device));
    return network;
  }

  static void make_for_inference(LayeredNetwork& network, const Device& device) {
    network.fold_norms();
    auto* const lite = dynamic_cast<EfficientNetLite0*>(&network);
    if (lite != nullptr && device.kind == Device::Kind::cpu) lite->fuse();
  }
};

}  // namespace
}  // namespace simile

extern "C" const void* simile_fine_tuning_backend() {
  static const simile::TorchFineTuning kFineTuning;
  return static_cast<const simile::FineTuningBackend*>(&kFineTuning);
}
