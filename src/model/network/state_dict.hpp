// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "model/network/architecture.hpp"

#include "simile/model/network.hpp"
#include "simile/model/safetensors.hpp"

namespace simile {

/// The architecture as these weights have it: as many classes as their last linear layer has outputs, none where it is
/// not there; positions for their grid.
ArchitectureOptions options_of(std::string_view architecture, const SafetensorsFile& weights);

/// How the file's tensors fit the network's parameters and buffers, by their own or by timm's names for vgg19's linear
/// layers. Counters of batches may be missing.
StateMatch match_state(const NetworkModule& network, const SafetensorsFile& weights);

/// Fills parameters and buffers by name; numbers of any floating-point type become those of the network. Tensors that
/// the network has not are left alone. Throws model when any is missing or of another shape, naming the first and how
/// many there are.
void load_state(NetworkModule& network, const SafetensorsFile& weights);

/// make_architecture() and load_state(), in evaluation mode.
std::shared_ptr<NetworkModule> load_architecture(std::string_view architecture, const SafetensorsFile& weights,
                                                 const ArchitectureOptions& options);
/// The same with options_of().
std::shared_ptr<NetworkModule> load_architecture(std::string_view architecture, const SafetensorsFile& weights);

/// match_state() with the architecture as options_of() says.
StateMatch match_architecture(std::string_view architecture, const SafetensorsFile& weights);

}  // namespace simile
