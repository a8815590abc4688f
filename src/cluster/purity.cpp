// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/purity.hpp"

#include <algorithm>

namespace simile {

std::map<std::string, std::int64_t> count_classes(const std::vector<std::int64_t>& items,
                                                  const std::vector<std::string>& classes) {
  std::map<std::string, std::int64_t> counts;
  for (const auto item : items) {
    const auto& name = classes[static_cast<std::size_t>(item)];
    if (!name.empty()) ++counts[name];
  }
  return counts;
}

Purity purity(const Clustering& clustering, const std::vector<std::string>& classes) {
  Purity result;
  for (const auto& members : clustering.members) {
    std::int64_t most = 0;
    for (const auto& [name, count] : count_classes(members, classes)) {
      most = std::max(most, count);
      result.judged += count;
    }
    result.correct += most;
  }
  return result;
}

}  // namespace simile
