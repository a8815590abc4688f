// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/workspace.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {

std::uint8_t* Workspace::reserve(std::size_t slot, std::int64_t bytes) {
  ensure(slot < kSlots, "no such workspace slot");
  auto& buffer = buffers_[slot];
  if (buffer.size_bytes() >= bytes && buffer.data() != nullptr) return buffer.data();
  std::int64_t others = 0;
  for (std::size_t k = 0; k < kSlots; ++k) {
    if (k != slot) others += buffers_[k].size_bytes();
  }
  if (others + bytes > budget_bytes_) {
    throw Error(ErrorCode::out_of_memory, concat("a tile needs ", format_bytes(others + bytes), " of scratch memory; ",
                                                 format_bytes(budget_bytes_), " are allowed"));
  }
  buffer = Array<std::uint8_t, 1>();  // first give back, then take
  buffer = Array<std::uint8_t, 1>({bytes});
  return buffer.data();
}

}  // namespace simile
