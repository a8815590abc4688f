// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "check.hpp"

#include "simile/core/error.hpp"
#include "simile/image/idx.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kMaxBytes = 1 << 20;
  try {
    const auto array = simile::parse_idx({data, size}, kMaxBytes);
    std::int64_t count = 1;
    for (const auto extent : array.shape) count *= extent;
    simile::check(count == array.bytes.size() && count <= kMaxBytes);
    simile::check(simile::is_idx_or_gzip({data, size}));
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::decode || error.code() == simile::ErrorCode::invalid_argument);
  }
  return 0;
}
