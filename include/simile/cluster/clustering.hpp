// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Cluster number of items that belong to none.
inline constexpr std::int64_t kOutlier = -1;

/// A partition of items 0 .. n - 1 into clusters and outliers. Clusters are numbered by size, largest first, ties by
/// smallest member.
struct Clustering {
  std::vector<std::int64_t> cluster;               ///< of every item, or kOutlier
  std::vector<std::vector<std::int64_t>> members;  ///< of every cluster, ascending
  std::vector<std::int64_t> outliers;              ///< ascending

  std::int64_t num_items() const { return static_cast<std::int64_t>(cluster.size()); }
  std::int64_t num_clusters() const { return static_cast<std::int64_t>(members.size()); }
  std::int64_t num_grouped() const { return num_items() - static_cast<std::int64_t>(outliers.size()); }
};

/// Clusters from component labels, one an item: the component's smallest item, so in [0, n). Components of fewer than
/// `min_size` items become outliers; min_size >= 1 (internal otherwise). No labels give no clusters.
Clustering make_clustering(const std::vector<std::int64_t>& labels, std::int64_t min_size);

/// Up to this many members, a representative is chosen by all pairs; beyond, by a sample of this size.
inline constexpr std::int64_t kMaxExactMembers = 2000;
inline constexpr std::int64_t kRepresentativeSample = 256;

/// The member that stands for each cluster, and how alike every item is to it.
struct Representatives {
  std::vector<std::int64_t> of_cluster;  ///< item
  std::vector<double> similarity;        ///< of every item to its cluster's representative; 1 for outliers
  std::int64_t num_sampled = 0;          ///< clusters whose representative was chosen by a sample
};

/// The member with the highest mean exact similarity to the other members; in clusters beyond kMaxExactMembers to
/// kRepresentativeSample members drawn by `seed`. Ties to the smallest index. Needs a metric of
/// one set whose items are those of the clustering. The same on every run, whatever the threads: means are of exact
/// sums. Throws cancelled, out_of_memory.
Representatives choose_representatives(const Clustering& clustering, const Metric& metric, std::uint64_t seed,
                                       const Context& context);

}  // namespace simile
