// SPDX-License-Identifier: Apache-2.0
#include "shared_memory.hpp"

#include <cstring>

#if defined(__GNUC__) && defined(__ELF__)

// The linker names the ends of a section whose name is an identifier. One variable of ours makes sure that it exists.
extern thread_local char simile_shared_begin[] __asm__("__start_simile_shared");
extern thread_local char simile_shared_end[] __asm__("__stop_simile_shared");

namespace {
[[gnu::used, gnu::section("simile_shared")]] thread_local char at_least_one;

/// Keeps the compiler from computing with the two addresses before the linker knows them: the linker cannot rewrite
/// such instructions.
char* as_it_is(char* address) {
  __asm__ volatile("" : "+r"(address));
  return address;
}
}  // namespace

void simile::emulator::fill_shared_memory_with_garbage() {
  at_least_one = 0;
  char* const begin = as_it_is(simile_shared_begin);
  char* const end = as_it_is(simile_shared_end);
  std::memset(begin, 0xA5, static_cast<std::size_t>(end - begin));
}

#else

void simile::emulator::fill_shared_memory_with_garbage() {}

#endif
