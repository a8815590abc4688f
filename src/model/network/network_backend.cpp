// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "model/network/efficientnet_lite.hpp"
#include "model/network/efficientnet_lite_network.hpp"
#include "model/network/state_dict.hpp"
#include "model/network/tensor_view.hpp"
#include "model/network/torch_errors.hpp"
#include "model/network/torch_network.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_card.hpp"
#include "simile/model/network.hpp"

namespace simile {
namespace {

constexpr std::int64_t kCpuBatch = 4;  // larger ones leave the caches
constexpr std::int64_t kCudaBatch = 64;

class TorchNetworks final : public NetworkBackend {
 public:
  std::vector<std::string> architectures() const override { return architecture_names(); }

  StateMatch match(std::string_view architecture, const SafetensorsFile& weights) const override {
    StateMatch found;
    with_torch_errors([&] { found = match_architecture(architecture, weights); });
    return found;
  }

  std::unique_ptr<Network> open(const ModelCard& card, const SafetensorsFile& weights,
                                const NetworkOptions& options) const override {
    const auto type = scalar_type(options);
    std::unique_ptr<Network> network;
    with_torch_errors([&] {
      const auto module = load_architecture(card.architecture, weights);
      module->check_size(card.height_px, card.width_px);
      module->fold_norms();
      const auto layer = card.layer.empty() ? module->default_layer() : card.layer;
      const bool on_cpu = options.device.kind == Device::Kind::cpu;
      auto* const lite = dynamic_cast<EfficientNetLite0*>(module.get());
      if (lite != nullptr && layer == "pooled" && type == at::kFloat && on_cpu) {
        network = make_efficientnet_lite_network(lite_layers(*lite), card, options);
        return;
      }
      module->to(torch_device(options.device), type);
      if (lite != nullptr && on_cpu) lite->fuse();
      TorchNetworkParts parts;
      parts.type = type;
      parts.best_batch = options.device.kind == Device::Kind::cuda ? kCudaBatch : kCpuBatch;
      parts.embed = [module, layer](const at::Tensor& images) { return module->embedding(images, layer); };
      network = make_torch_network(card, options, std::move(parts));
    });
    if (card.dimensions != 0 && network->dimensions() != card.dimensions) {
      throw Error(ErrorCode::model, concat("model ", in_quotes(card.name), ": its card says ", card.dimensions,
                                           " dimensions, the network gives ", network->dimensions()));
    }
    return network;
  }

  std::unique_ptr<Network> open_torchscript(const std::filesystem::path& file, const ModelCard& card,
                                            const NetworkOptions& options) const override {
    return open_torchscript_network(file, card, options);
  }
};

}  // namespace
}  // namespace simile

extern "C" const void* simile_network_backend() {
  static const simile::TorchNetworks kNetworks;
  return static_cast<const simile::NetworkBackend*>(&kNetworks);
}
