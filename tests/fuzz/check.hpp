// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace simile {

/// Ends the fuzzer's run with a crash file when `condition` does not hold.
inline void check(bool condition) {
  if (!condition) std::abort();
}

}  // namespace simile
