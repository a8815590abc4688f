// SPDX-License-Identifier: Apache-2.0
#include "work.hpp"

#include "simile/core/error.hpp"

namespace simile::bench {

std::unique_ptr<Work> prepare_search(const Arguments& /*arguments*/) {
  throw Error(ErrorCode::invalid_argument, "kind=search: TopK is not there yet");
}

}  // namespace simile::bench
