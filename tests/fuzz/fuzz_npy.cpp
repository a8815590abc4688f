// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "check.hpp"

#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto header = simile::parse_npy_header({data, size});
    simile::check(header.data_offset > 0 && header.data_offset <= static_cast<std::int64_t>(size));
    for (const auto extent : header.shape) simile::check(extent >= 0);
    simile::check(simile::element_bytes(header.type) >= 1);
    simile::check(simile::is_npy({data, size}));
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::decode);
  }
  return 0;
}
