// SPDX-License-Identifier: Apache-2.0
#include "work.hpp"

#include "simile/core/error.hpp"

namespace simile::bench {

std::unique_ptr<Work> prepare_decoding(const Arguments& /*arguments*/) {
  throw Error(ErrorCode::invalid_argument, "kind=decoding: this build has no images (SIMILE_WITH_IMAGES is OFF)");
}

}  // namespace simile::bench
