// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "simile/model/model_card.hpp"
#include "simile/model/safetensors.hpp"

namespace simile::test {

/// A card without a checksum.
inline ModelCard a_card() {
  ModelCard card;
  card.name = "mine";
  card.architecture = "resnet18";
  card.width_px = 224;
  card.height_px = 200;
  card.fit = InputFit::crop;
  card.shorter_side_px = 256;
  card.mean = {0.485, 0.456, 0.406};
  card.deviation = {0.229, 0.224, 0.225};
  card.dimensions = 512;
  card.licence = "CC0-1.0";
  card.source = "a test";
  card.weights = "model.safetensors";
  return card;
}

/// A file of weights with one tensor of `value`.
inline void write_weights(const std::filesystem::path& path, std::uint8_t value = 1) {
  std::filesystem::create_directories(path.parent_path());
  const std::array<std::uint8_t, 4> bytes{value, value, value, value};
  write_safetensors(path, std::array{TensorBytes{"fc.weight", TensorType::uint8, {2, 2}, bytes}});
}

}  // namespace simile::test
