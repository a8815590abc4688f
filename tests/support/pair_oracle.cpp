// SPDX-License-Identifier: Apache-2.0
#include "support/pair_oracle.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>

namespace simile {

std::vector<std::vector<std::pair<std::int64_t, double>>> oracle_neighbours(std::int64_t num_left, bool one_set,
                                                                            std::span<const OraclePair> pairs,
                                                                            std::int64_t k) {
  std::vector<std::set<std::pair<double, std::int64_t>>> ranked(static_cast<std::size_t>(num_left));
  for (const auto& [left, right, similarity] : pairs) {
    if (std::isinf(similarity) || (one_set && left == right)) continue;
    ranked.at(static_cast<std::size_t>(left)).emplace(-similarity, right);
    if (one_set) ranked.at(static_cast<std::size_t>(right)).emplace(-similarity, left);
  }
  std::vector<std::vector<std::pair<std::int64_t, double>>> neighbours;
  for (const auto& row : ranked) {
    auto& best = neighbours.emplace_back();
    for (const auto& [negated, item] : row) {
      if (static_cast<std::int64_t>(best.size()) < k) best.emplace_back(item, -negated);
    }
  }
  return neighbours;
}

std::vector<OraclePair> oracle_spanning_forest(std::int64_t num_nodes, std::vector<OraclePair> pairs, double floor) {
  for (auto& pair : pairs) {
    if (pair.left > pair.right) std::swap(pair.left, pair.right);
  }
  std::sort(pairs.begin(), pairs.end(), [](const OraclePair& a, const OraclePair& b) {
    return std::tuple(-a.similarity, a.left, a.right) < std::tuple(-b.similarity, b.left, b.right);
  });
  std::vector<std::int64_t> set_of(static_cast<std::size_t>(num_nodes));
  std::iota(set_of.begin(), set_of.end(), 0);
  std::vector<OraclePair> forest;
  for (const auto& pair : pairs) {
    const auto left = set_of.at(static_cast<std::size_t>(pair.left));
    const auto right = set_of.at(static_cast<std::size_t>(pair.right));
    if (left == right || std::isinf(pair.similarity) || pair.similarity < floor) continue;
    std::replace(set_of.begin(), set_of.end(), left, right);
    forest.push_back(pair);
  }
  return forest;
}

std::vector<std::int64_t> oracle_histogram(std::span<const double> similarities, std::span<const double> borders) {
  std::vector<std::int64_t> counts(borders.size());
  for (const double similarity : similarities) {
    if (std::isinf(similarity)) {
      ++counts.back();
      continue;
    }
    std::size_t bin = 0;
    for (std::size_t k = 1; k + 1 < borders.size(); ++k) {
      if (borders[k] <= similarity) bin = k;
    }
    ++counts[bin];
  }
  return counts;
}

}  // namespace simile
