// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace simile {

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same stream on every machine, unlike <random>'s distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }
  /// Uniform in [0, bound), bound >= 1, without bias.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

/// `count` different numbers of [0, population), ascending (Floyd's algorithm). count <= population.
std::vector<std::int64_t> sample_without_replacement(std::int64_t population, std::int64_t count, std::uint64_t seed);

}  // namespace simile
