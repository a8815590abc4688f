// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "simile/core/device.hpp"

namespace simile {

/// The library of networks and training, libsimile_learn, is opened at its first use and never closed: LibTorch costs
/// half a second and 116 MB, which commands without networks must not pay. Looked for beside the program, in
/// ../lib/simile, and where SIMILE_LEARN_LIBRARY says. Returns the object that its function `simile_<part>` gives.
/// Throws model: the library is not there, is of another version, or cannot be opened (with the loader's reason).
const void* learn_part(const std::string& part, const Device& device);

/// Whether there is a file that would be opened.
bool has_learn_library();

/// GPUs that networks can use, for which the library is opened with LibTorch's CUDA half if there is a driver and it
/// has not been opened yet. `problem` says why there are none.
int num_network_gpus(std::string& problem);

}  // namespace simile
