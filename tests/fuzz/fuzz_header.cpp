// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "check.hpp"

#include "simile/core/error.hpp"
#include "simile/image/header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto header = simile::read_image_header({data, size});
    simile::check(header.width_px >= 1 && header.height_px >= 1);
    simile::check(header.orientation >= 1 && header.orientation <= 8);
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::decode);
  }
  return 0;
}
