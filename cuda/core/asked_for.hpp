// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string_view>

namespace simile::cuda {

/// What the environment asks for by the variable, or "": a way that is never the default, as it has never run on a GPU.
inline std::string_view asked_for(const char* variable) {
  const char* const value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it meanwhile
  return value == nullptr ? "" : value;
}

}  // namespace simile::cuda
