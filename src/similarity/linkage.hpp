// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "similarity/arithmetic/linkage.hpp"

#include "simile/similarity/metric.hpp"

namespace simile {

/// The order of edges, strongest first: higher similarity, then the smaller (left, right). Strict and total, so a graph
/// has one maximum spanning forest. An edge is taken at the lower end of its interval here.
inline bool stronger(const ScoredPair& a, const ScoredPair& b) {
  if (a.low != b.low) return a.low > b.low;
  return a.left != b.left ? a.left < b.left : a.right < b.right;
}

/// The maximum spanning forest of a stream of edges, strongest first, as a tree of merges: the smaller set's root is
/// linked under the larger one's (union by size) and paths are not compressed. So links get weaker on the way up, and a
/// node is at most log2(n) of them below its root. Edges are pairs of nodes, left < right.
class Linkage {
 public:
  Linkage() = default;
  /// Nodes are those of `first`, then those of `second` that are not in it.
  Linkage(Range first, Range second) { reset(first, second); }
  void reset(Range first, Range second);

  std::int64_t num_nodes() const { return static_cast<std::int64_t>(links_.size()); }
  /// How many sets there are.
  std::int64_t num_sets() const { return num_sets_; }
  /// Joins the ends of an edge, which is not stronger than one added before; false when they are joined already.
  bool add(const ScoredPair& edge);
  /// True when edges that come before this one for sure (their lower ends beat its upper end) join its ends: it is in
  /// no maximum spanning forest of a graph that has them all.
  bool dominated(const ScoredPair& edge) const;
  /// Every two of these nodes are joined by edges of at least this similarity, were they all in one graph with the
  /// edges added; -infinity when they are not all joined.
  double weakest_link(Range rows, Range cols) const;
  /// The similarity of the last edge that joined two sets.
  double weakest() const { return weakest_; }
  /// By node: those of the first range, then those of the second.
  std::span<const Link> links() const { return links_; }

 private:
  std::int64_t local(std::int64_t node) const;

  Range first_;
  std::int64_t second_begin_ = 0;
  std::vector<Link> links_;
  std::vector<std::int64_t> sizes_;
  std::int64_t num_sets_ = 0;
  double weakest_ = 0;
};

/// Drops the edges that cannot belong to the maximum spanning forest of a graph that has them all, and makes `linkage`
/// (empty before) that of their lower ends. What is left is the forest, where intervals decide it, plus the undecided;
/// of exactly known edges the forest alone. (Kruskal by slices, strongest first: most edges are dropped by what the
/// stronger ones joined, and never sorted. Osipov, Sanders, Singler, "The Filter-Kruskal Minimum Spanning Tree
/// Algorithm", ALENEX 2009.)
void reduce_to_forest(std::vector<ScoredPair>& edges, Linkage& linkage);

}  // namespace simile
