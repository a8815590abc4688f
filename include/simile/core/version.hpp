// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace simile {

/// Version of this build, as `simile --version` prints it.
extern const std::string_view kVersion;

}  // namespace simile
