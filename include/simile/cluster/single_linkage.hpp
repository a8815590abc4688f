// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "simile/similarity/edges.hpp"

namespace simile {

/// What a maximum spanning forest says about its items. `forest` is as SpanningTree::edges() gives it: strongest edge
/// first, without cycles.

/// Connected components of the pairs with similarity >= threshold: for every item the smallest of its component.
std::vector<std::int64_t> labels_at(std::span<const Edge> forest, std::int64_t num_items, double threshold);

/// A row of a dendrogram as scipy.cluster.hierarchy.linkage writes it: items are clusters 0 .. n - 1, row k makes
/// cluster n + k of two others.
struct DendrogramRow {
  std::int64_t first = 0;  ///< smaller than `second`
  std::int64_t second = 0;
  double height = 0;      ///< the distance at which they merge
  std::int64_t size = 0;  ///< items of the new cluster
  friend bool operator==(const DendrogramRow&, const DendrogramRow&) = default;
};

/// The single-linkage dendrogram, n - 1 rows from the lowest up; `distance` turns a similarity into a height and must
/// not rise with it. Trees that nothing joins come last, at distance(-infinity), by their smallest items. 1 -
/// similarity, which gives scipy's heights for the metric "cosine", is what no `distance` means.
std::vector<DendrogramRow> single_linkage(std::span<const Edge> forest, std::int64_t num_items,
                                          const std::function<double(double)>& distance = {});

/// How two items hang together: the path between them whose weakest pair is strongest.
struct Chain {
  std::vector<std::int64_t> items;   ///< from the first item to the last, both included
  std::vector<double> similarities;  ///< of every two successive items
  double weakest = 0;                ///< the least of them: the highest threshold that still joins the two; 1 for none
};

/// Of all paths of pairs between two items that of the forest: no other has a stronger weakest pair. Nothing when the
/// two are in different trees. Throws invalid_argument for an item that is not there.
std::optional<Chain> strongest_chain(std::span<const Edge> forest, std::int64_t num_items, std::int64_t from,
                                     std::int64_t to);

}  // namespace simile
