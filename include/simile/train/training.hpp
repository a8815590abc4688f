// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/core/device.hpp"

namespace simile {

class AutoencoderBackend;
class FineTuningBackend;
class HelperBackend;

/// What libsimile_learn can train; as network_backend().
const AutoencoderBackend& autoencoder_backend(const Device& device = {});
const HelperBackend& helper_backend(const Device& device = {});
const FineTuningBackend& fine_tuning_backend(const Device& device = {});

}  // namespace simile
