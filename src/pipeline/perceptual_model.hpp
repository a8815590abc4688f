// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simile/model/model_card.hpp"
#include "simile/model/safetensors.hpp"
#include "simile/train/autoencoder.hpp"

namespace simile {

/// The network whose feature maps the perceptual loss compares.
struct PerceptualModel {
  ModelCard card;
  std::unique_ptr<SafetensorsFile> weights;
  std::string sha256;  ///< of the weights
  std::vector<std::string> layers;

  PerceptualNetwork network() const { return {&card, weights.get(), layers}; }
};

/// Nothing for another loss. Throws invalid_argument when a network is named with another loss, not_found, saying how
/// to get it, when it is not there, and what finding and reading it throws.
std::optional<PerceptualModel> find_perceptual_model(AutoencoderLoss loss, const std::string& model,
                                                     const std::vector<std::string>& layers);

}  // namespace simile
