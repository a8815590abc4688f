// SPDX-License-Identifier: Apache-2.0
#include "simile/core/version.hpp"

namespace simile {

const std::string_view kVersion = SIMILE_VERSION;

}  // namespace simile
