// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace simile {

/// What sinks have to find, by plain loops and full sorts, sharing no code with the product.

struct OraclePair {
  std::int64_t left = 0;
  std::int64_t right = 0;
  double similarity = 0;
  friend bool operator==(const OraclePair&, const OraclePair&) = default;
};

/// For every left item its `k` most similar others, (item, similarity), ties to the smaller item; of one set both ends
/// of a pair count, an item is no neighbour of itself, and repeated pairs are one. -infinity never counts.
std::vector<std::vector<std::pair<std::int64_t, double>>> oracle_neighbours(std::int64_t num_left, bool one_set,
                                                                            std::span<const OraclePair> pairs,
                                                                            std::int64_t k);

/// The maximum spanning forest of the pairs of nodes with similarity >= floor and above -infinity, strongest first,
/// ties to the smaller (min, max); left < right.
std::vector<OraclePair> oracle_spanning_forest(std::int64_t num_nodes, std::vector<OraclePair> pairs, double floor);

/// Pairs in every bin between two of the ascending borders (the lower one included, the end bins open), and, last, how
/// many are -infinity.
std::vector<std::int64_t> oracle_histogram(std::span<const double> similarities, std::span<const double> borders);

}  // namespace simile
