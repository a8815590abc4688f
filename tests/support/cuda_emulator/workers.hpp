// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "block.hpp"

namespace simile::emulator {

/// Runs all blocks of the grid on the host threads of the emulator, in a drawn order, and returns when they ended. One
/// grid at a time.
void run_grid(const Grid& grid);

}  // namespace simile::emulator
