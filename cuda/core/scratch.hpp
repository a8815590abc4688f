// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>

#include "cuda/core/buffer.hpp"

namespace simile::cuda {

/// Scratch memory for Thrust's algorithms, from the device's pool in the order of their stream, in place of
/// cudaMalloc. Throws out_of_memory.
class ThrustScratch {
 public:
  using value_type = char;

  explicit ThrustScratch(const Stream& stream) : stream_(stream) {}

  char* allocate(std::ptrdiff_t bytes) { return held_.emplace_back(bytes, stream_).data(); }
  void deallocate(char* memory, std::size_t /*bytes*/) {
    held_.remove_if([&](const auto& buffer) { return buffer.data() == memory; });
  }

 private:
  const Stream& stream_;
  std::list<DeviceBuffer<char>> held_;
};

}  // namespace simile::cuda
