// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace simile::emulator {

/// What the environment or a test sets.
struct Settings {
  std::atomic<std::uint64_t> memory_limit;
  std::atomic<std::uint64_t> seed;
  std::atomic<int> threads;
  std::atomic<bool> device_present{true};
  std::atomic<int> singles_per_double{2};
};
Settings& settings();

/// A small generator of draws; equal states give equal sequences.
class Draws {
 public:
  explicit Draws(std::uint64_t state) : state_(state) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }
  /// In [0, count), count < 2^32.
  std::uint64_t below(std::uint64_t count) { return ((next() >> 32) * count) >> 32; }

 private:
  std::uint64_t state_;
};

}  // namespace simile::emulator
