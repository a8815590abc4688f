// SPDX-License-Identifier: Apache-2.0
#include "fatal.hpp"

#include <cstdio>
#include <cstdlib>

#include "block.hpp"

namespace simile::emulator {

void fatal(const std::string& message) {
  const std::string place = describe_running_block();
  std::fprintf(stderr, "cuda emulator: %s%s\n", message.c_str(), place.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace simile::emulator
