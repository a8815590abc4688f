// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/clustering.hpp"

#include <algorithm>
#include <utility>

#include "simile/core/error.hpp"

namespace simile {

Clustering make_clustering(const std::vector<std::int64_t>& labels, std::int64_t min_size) {
  ensure(min_size >= 1, "a cluster has at least one member");
  const auto count = static_cast<std::int64_t>(labels.size());
  // Items come in ascending order, so members do, and the first is the smallest.
  std::vector<std::int64_t> position(labels.size(), -1);
  std::vector<std::vector<std::int64_t>> components;
  for (std::int64_t item = 0; item < count; ++item) {
    const auto label = static_cast<std::size_t>(labels[static_cast<std::size_t>(item)]);
    if (position[label] < 0) {
      position[label] = static_cast<std::int64_t>(components.size());
      components.emplace_back();
    }
    components[static_cast<std::size_t>(position[label])].push_back(item);
  }
  std::sort(components.begin(), components.end(), [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() > b.size() : a.front() < b.front();
  });

  Clustering clustering;
  clustering.cluster.assign(labels.size(), kOutlier);
  for (auto& members : components) {
    if (static_cast<std::int64_t>(members.size()) < min_size) {
      clustering.outliers.insert(clustering.outliers.end(), members.begin(), members.end());
      continue;
    }
    for (const auto item : members) clustering.cluster[static_cast<std::size_t>(item)] = clustering.num_clusters();
    clustering.members.push_back(std::move(members));
  }
  std::sort(clustering.outliers.begin(), clustering.outliers.end());
  return clustering;
}

}  // namespace simile
