// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/feature/image_embedder.hpp"
#include "simile/model/model_card.hpp"
#include "simile/model/network.hpp"

namespace simile {

/// The model that is taken when none is named.
inline constexpr const char* kDefaultModel = "tf_efficientnet_lite0";

/// By which the model of `choice` is found again from anywhere: a name in the store, or an absolute path.
std::string model_name(const NetworkChoice& choice);

/// The network that `choice` means, opened; of a helper's folder its network with the helper's hidden layer. Throws as
/// find_model(), check_weights() and NetworkBackend::open().
std::shared_ptr<ImageEmbedder> open_embedder(const NetworkChoice& choice, const Context& context);

/// options with their embedder, if this method takes features of this dataset by a network.
FeatureOptions with_embedder(FeatureOptions options, const Dataset& dataset, const Context& context);

}  // namespace simile
