// SPDX-License-Identifier: Apache-2.0
#include "simile/core/random.hpp"

#include <algorithm>
#include <unordered_set>

#include "simile/core/error.hpp"

namespace simile {

std::uint64_t Random::below(std::uint64_t bound) {
  // Values below 2^64 mod bound would make the first remainders more likely; they are drawn again.
  const std::uint64_t first_fair = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t drawn = next();
    if (drawn >= first_fair) return drawn % bound;
  }
}

std::vector<std::int64_t> sample_without_replacement(std::int64_t population, std::int64_t count, std::uint64_t seed) {
  ensure(count >= 0 && count <= population, "a sample is larger than its population");
  Random random(seed);
  std::unordered_set<std::int64_t> chosen;
  for (std::int64_t last = population - count; last < population; ++last) {
    const auto drawn = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last) + 1));
    chosen.insert(chosen.contains(drawn) ? last : drawn);
  }
  std::vector<std::int64_t> sample(chosen.begin(), chosen.end());
  std::sort(sample.begin(), sample.end());
  return sample;
}

}  // namespace simile
