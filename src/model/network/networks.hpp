// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/network/architecture.hpp"

namespace simile {

std::shared_ptr<NetworkModule> make_icas_autoencoder_128();
std::shared_ptr<NetworkModule> make_icas_autoencoder_256();
std::shared_ptr<NetworkModule> make_resnet18(const ArchitectureOptions& options);
std::shared_ptr<NetworkModule> make_resnet50(const ArchitectureOptions& options);
std::shared_ptr<NetworkModule> make_efficientnet_lite0(const ArchitectureOptions& options);
std::shared_ptr<NetworkModule> make_vgg19(const ArchitectureOptions& options);
std::shared_ptr<NetworkModule> make_vit_base_patch14_dinov2(const ArchitectureOptions& options);
std::shared_ptr<NetworkModule> make_vit_base_patch32_clip_224(const ArchitectureOptions& options);
std::shared_ptr<NetworkModule> make_vit_small_patch14_dinov2(const ArchitectureOptions& options);

}  // namespace simile
