// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "model/network/efficientnet_lite_inference.hpp"

#include "simile/model/model_card.hpp"
#include "simile/model/network.hpp"

namespace simile {

/// EfficientNetLiteInference on options.threads threads.
std::unique_ptr<Network> make_efficientnet_lite_network(const std::vector<LiteLayer>& layers, const ModelCard& card,
                                                        const NetworkOptions& options);

}  // namespace simile
