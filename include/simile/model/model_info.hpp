// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simile/model/model_store.hpp"
#include "simile/model/safetensors.hpp"

namespace simile {

/// A model and what its weights' file holds.
struct ModelInfo {
  Model model;
  std::vector<TensorInfo> tensors;
  std::int64_t num_values = 0;
  std::int64_t size_bytes = 0;  ///< of the file
};

/// Opens the weights and checks them against the card. Throws as SafetensorsFile and check_weights().
ModelInfo inspect_model(const Model& model);

/// A JSON object: the card, the files, every tensor; ends with a newline.
std::string to_json(const ModelInfo& info);

/// "224x224 px: the shorter side to 256 px, then the middle".
std::string describe_input(const ModelCard& card);

}  // namespace simile
