// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace simile::emulator {

/// Fills what `__shared__` placed in its section (qualifiers.h) for the calling thread of the host with 0xA5.
void fill_shared_memory_with_garbage();

}  // namespace simile::emulator
