// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simile/model/safetensors.hpp"

namespace simile {

/// A tensor on the host with its own bytes, row-major.
struct HostTensor {
  std::string name;
  TensorType type{};
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;
};

}  // namespace simile
