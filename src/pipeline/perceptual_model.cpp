// SPDX-License-Identifier: Apache-2.0
#include "pipeline/perceptual_model.hpp"

#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_store.hpp"
#include "simile/pipeline/train_autoencoder.hpp"

namespace simile {
namespace {

constexpr const char* kUsual = "vgg19";

Model find_usual() {
  try {
    return find_model(default_model_store(), kUsual);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    throw Error(ErrorCode::not_found,
                concat("--loss perceptual compares feature maps of vgg19, whose weights are not here: download "
                       "model.safetensors of https://huggingface.co/timm/vgg19.tv_in1k and add it by `simile model add "
                       "FILE.safetensors --arch vgg19`, or name a network that is here, such as --perceptual-model "
                       "tf_efficientnet_lite0 (simile model list tells which are)"));
  }
}

}  // namespace

std::vector<std::string> default_perceptual_layers(const std::string& architecture) {
  // Edges to parts of objects; deeper maps have too few places left at 64 px.
  if (architecture == "vgg19") return {"relu1_2", "relu2_2", "relu3_4", "relu4_4"};
  if (architecture == "tf_efficientnet_lite0") return {"stem", "stage1", "stage2", "stage4"};
  throw Error(ErrorCode::invalid_argument,
              concat("--perceptual-layers: which layers of ", architecture, " to compare must be named"));
}

std::optional<PerceptualModel> find_perceptual_model(AutoencoderLoss loss, const std::string& model,
                                                     const std::vector<std::string>& layers) {
  if (loss != AutoencoderLoss::perceptual) {
    if (model.empty() && layers.empty()) return std::nullopt;
    throw Error(ErrorCode::invalid_argument, concat(model.empty() ? "--perceptual-layers" : "--perceptual-model",
                                                    ": no effect with --loss ", to_string(loss)));
  }
  const Model found = model.empty() ? find_usual() : find_model(default_model_store(), model);
  check_weights(found);
  return PerceptualModel{found.card, std::make_unique<SafetensorsFile>(found.weights), sha256_of_file(found.weights),
                         layers.empty() ? default_perceptual_layers(found.card.architecture) : layers};
}

}  // namespace simile
