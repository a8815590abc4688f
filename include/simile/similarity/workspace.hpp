// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "simile/core/array.hpp"

namespace simile {

/// Scratch memory of one worker: a few buffers that are kept from tile to tile and never exceed a budget together.
class Workspace {
 public:
  static constexpr std::size_t kSlots = 8;

  explicit Workspace(std::int64_t budget_bytes) : budget_bytes_(budget_bytes) {}

  /// Buffer `slot` with room for `count` elements, aligned to kHostAlignment; its content is unspecified. Stays valid
  /// until the slot is asked for again. Throws out_of_memory, naming what was asked and the budget.
  template <class T>
  T* buffer(std::size_t slot, std::int64_t count) {
    return reinterpret_cast<T*>(reserve(slot, count * static_cast<std::int64_t>(sizeof(T))));
  }

 private:
  std::uint8_t* reserve(std::size_t slot, std::int64_t bytes);

  std::int64_t budget_bytes_;
  std::array<Array<std::uint8_t, 1>, kSlots> buffers_;
};

}  // namespace simile
