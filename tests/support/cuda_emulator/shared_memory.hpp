// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace simile::emulator {

/// Fills with 0xA5 what `__shared__` made (qualifiers.h), for the calling thread of the host, which must be one that
/// only runs kernels: it is all variables of the program that are local to a function and to a thread. They are found
/// in the symbol table of the program or library that the emulator is in; nothing happens in one without symbols.
void fill_shared_memory_with_garbage();

}  // namespace simile::emulator
