// SPDX-License-Identifier: Apache-2.0
// The only place that opens TorchScript: such a file is a program, so it runs only when the user named it as one.
#include <memory>
#include <utility>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "model/network/tensor_view.hpp"
#include "model/network/torch_network.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

std::unique_ptr<Network> open_torchscript_network(const std::filesystem::path& file, const ModelCard& card,
                                                  const NetworkOptions& options) {
  if (!std::filesystem::is_regular_file(file)) {
    throw Error(ErrorCode::not_found, concat("--torchscript ", in_quotes(file.native()), ": there is no such file"));
  }
  const auto type = scalar_type(options);
  std::shared_ptr<torch::jit::Module> module;
  try {
    module = std::make_shared<torch::jit::Module>(torch::jit::load(file.native(), torch_device(options.device)));
    module->eval();
    module->to(type);
  } catch (const std::exception& error) {  // of LibTorch, of its zip reader, of its parser
    const auto* const of_torch = dynamic_cast<const c10::Error*>(&error);
    const std::string what = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
    throw Error(ErrorCode::model,
                concat(in_quotes(file.native()), " is no TorchScript module: ", what.substr(0, what.find('\n'))));
  }
  TorchNetworkParts parts;
  parts.type = type;
  parts.best_batch = options.device.kind == Device::Kind::cuda ? 64 : 8;
  parts.embed = [module](const at::Tensor& images) {
    try {
      const auto output = module->forward({images});
      if (output.isTensor()) return output.toTensor();
    } catch (const c10::Error&) {
      throw;
    } catch (const std::exception& error) {  // what the module itself raises
      throw Error(ErrorCode::model, concat("the TorchScript module failed: ", error.what()));
    }
    throw Error(ErrorCode::model, "the TorchScript module gives something else than a tensor");
  };
  return make_torch_network(card, options, std::move(parts));
}

}  // namespace simile
