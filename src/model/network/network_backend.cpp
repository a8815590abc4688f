// SPDX-License-Identifier: Apache-2.0
#include "model/network/tensor_view.hpp"

#include "simile/model/network.hpp"

namespace simile {
namespace {

class TorchNetworks final : public NetworkBackend {
 public:
  std::vector<std::string> architectures() const override { return {}; }
  StateMatch match(std::string_view /*architecture*/, const SafetensorsFile& /*weights*/) const override { return {}; }
  std::unique_ptr<Network> open(const ModelCard& /*card*/, const SafetensorsFile& /*weights*/,
                                const NetworkOptions& /*options*/) const override {
    throw Error(ErrorCode::model, "no architecture is there yet");
  }
  std::unique_ptr<Network> open_torchscript(const std::filesystem::path& /*file*/, const ModelCard& /*card*/,
                                            const NetworkOptions& /*options*/) const override {
    throw Error(ErrorCode::model, "TorchScript is not there yet");
  }
};

}  // namespace
}  // namespace simile

extern "C" const void* simile_network_backend() {
  static const simile::TorchNetworks kNetworks;
  return static_cast<const simile::NetworkBackend*>(&kNetworks);
}
