// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/features.hpp"

#include <algorithm>
#include <string_view>

#include "simile/core/text.hpp"

namespace simile {

std::string comparable_identity(std::string identity) {
  // At the end of a network's part: "..., bf16 on cuda", or "..., bf16 on cuda; helper 0123".
  const std::size_t end = std::min(identity.find(';'), identity.size());
  const std::string_view network = std::string_view(identity).substr(0, end);
  for (const std::string_view precision : {"fp32", "bf16", "fp16"}) {
    for (const std::string_view device : {"cpu", "cuda"}) {
      const std::string old = concat(", ", precision, " on ", device);
      if (network.ends_with(old)) return identity.erase(end - old.size(), old.size());
    }
  }
  return identity;
}

bool comparable(std::string_view identity, std::string_view other) {
  return identity.empty() || other.empty() || identity == other;
}

}  // namespace simile
