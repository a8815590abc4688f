// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simile/cluster/clustering.hpp"
#include "simile/image/catalogue.hpp"

namespace simile {

/// What a clustering found, for those who write it down. Row k of clustering and representatives is item items[k] of
/// the catalogue. Refers to a catalogue that outlives it.
struct ClusterResult {
  const Catalogue& catalogue;
  std::vector<std::int64_t> items;
  Clustering clustering;
  Representatives representatives;
  std::vector<ItemError> unreadable;
  std::vector<std::string> classes;  ///< true class of every row, empty where unknown; no rows without truth

  const std::string& id(std::int64_t row) const {
    return catalogue.ids[static_cast<std::size_t>(items[static_cast<std::size_t>(row)])];
  }
  /// The row that stands for a row: its cluster's representative, or itself for an outlier.
  std::int64_t representative(std::int64_t row) const {
    const std::int64_t cluster = clustering.cluster[static_cast<std::size_t>(row)];
    return cluster == kOutlier ? row : representatives.of_cluster[static_cast<std::size_t>(cluster)];
  }
};

}  // namespace simile
