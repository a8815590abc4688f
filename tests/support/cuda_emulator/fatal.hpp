// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sstream>
#include <string>

namespace simile::emulator {

/// Prints "cuda emulator: <message>" to the standard error and aborts. The message says the launch, the block and the
/// seed if the calling thread runs one.
[[noreturn]] void fatal(const std::string& message);

template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  std::ostringstream message;
  (message << ... << parts);
  fatal(message.str());
}

}  // namespace simile::emulator
