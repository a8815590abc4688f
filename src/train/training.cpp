// SPDX-License-Identifier: Apache-2.0
#include "simile/train/training.hpp"

#include "model/learn_library.hpp"

namespace simile {

const AutoencoderBackend& autoencoder_backend(const Device& device) {
  return *static_cast<const AutoencoderBackend*>(learn_part("autoencoder_backend", device));
}

const HelperBackend& helper_backend(const Device& device) {
  return *static_cast<const HelperBackend*>(learn_part("helper_backend", device));
}

const FineTuningBackend& fine_tuning_backend(const Device& device) {
  return *static_cast<const FineTuningBackend*>(learn_part("fine_tuning_backend", device));
}

}  // namespace simile
