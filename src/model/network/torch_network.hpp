// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <ATen/ATen.h>

#include "simile/model/model_card.hpp"
#include "simile/model/network.hpp"

namespace simile {

/// A Network around any function from images to vectors.
struct TorchNetworkParts {
  std::function<at::Tensor(const at::Tensor&)> embed;  ///< images [b, 3, h, w] of `type`, normalised: [b, dimensions]
  std::int64_t dimensions = 0;                         ///< 0: found by a try
  std::int64_t best_batch = 1;
  at::ScalarType type = at::kFloat;
};
std::unique_ptr<Network> make_torch_network(const ModelCard& card, const NetworkOptions& options,
                                            TorchNetworkParts parts);

/// The type of numbers that the precision stands for. Throws invalid_argument where the device has not got it.
at::ScalarType scalar_type(const NetworkOptions& options);

/// A TorchScript module's output as vectors.
std::unique_ptr<Network> open_torchscript_network(const std::filesystem::path& file, const ModelCard& card,
                                                  const NetworkOptions& options);

}  // namespace simile
