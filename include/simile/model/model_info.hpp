// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simile/model/model_store.hpp"
#include "simile/model/network.hpp"
#include "simile/model/safetensors.hpp"

namespace simile {

/// A model and what its weights' file holds.
struct ModelInfo {
  Model model;
  std::vector<TensorInfo> tensors;
  std::int64_t num_values = 0;
  std::int64_t size_bytes = 0;      ///< of the file
  std::optional<StateMatch> match;  ///< with the architecture; none where has_networks() is false
};

/// Opens the weights and checks them against the card, and their names and shapes against the architecture where there
/// are networks. Throws as SafetensorsFile and check_weights().
ModelInfo inspect_model(const Model& model);

/// Throws model, saying how many tensors are missing or of another shape and the first of them, unless the weights are
/// of the architecture. Without networks nothing is checked.
void check_architecture(const ModelInfo& info);

/// A JSON object: the card, the files, every tensor; ends with a newline.
std::string to_json(const ModelInfo& info);

/// "224x224 px: the shorter side to 256 px, then the middle".
std::string describe_input(const ModelCard& card);

}  // namespace simile
