// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/single_linkage.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/union_find.hpp"

namespace simile {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Merges clusters from the lowest up; a cluster is known by any of its items.
class Dendrogram {
 public:
  explicit Dendrogram(std::int64_t num_items) : sets_(num_items), cluster_(static_cast<std::size_t>(num_items)) {
    for (std::size_t item = 0; item < cluster_.size(); ++item) cluster_[item] = {static_cast<std::int64_t>(item), 1};
  }

  void merge(std::int64_t a, std::int64_t b, double height) {
    const Cluster first = of(a);
    const Cluster second = of(b);
    const Cluster merged{static_cast<std::int64_t>(cluster_.size() + rows.size()), first.size + second.size};
    rows.push_back({std::min(first.number, second.number), std::max(first.number, second.number), height, merged.size});
    sets_.unite(a, b);
    of(a) = merged;
  }

  /// The smallest item of every cluster there is.
  std::vector<std::int64_t> roots() const {
    std::vector<std::int64_t> roots;
    for (std::int64_t item = 0; item < static_cast<std::int64_t>(cluster_.size()); ++item) {
      if (sets_.find(item) == item) roots.push_back(item);
    }
    return roots;
  }

  std::vector<DendrogramRow> rows;

 private:
  struct Cluster {
    std::int64_t number = 0;
    std::int64_t size = 0;
  };
  Cluster& of(std::int64_t item) { return cluster_[static_cast<std::size_t>(sets_.find(item))]; }

  UnionFind sets_;
  std::vector<Cluster> cluster_;  // of a set's smallest item
};

void check_item(std::int64_t item, std::int64_t num_items) {
  if (item >= 0 && item < num_items) return;
  throw Error(ErrorCode::invalid_argument, concat("there is no item ", item, " among ", num_items));
}

}  // namespace

std::vector<std::int64_t> labels_at(std::span<const Edge> forest, std::int64_t num_items, double threshold) {
  UnionFind sets(num_items);
  for (const auto& edge : forest) {
    if (edge.similarity < threshold) break;
    sets.unite(edge.left, edge.right);
  }
  return sets.labels();
}

std::vector<DendrogramRow> single_linkage(std::span<const Edge> forest, std::int64_t num_items,
                                          const std::function<double(double)>& distance) {
  const auto height = [&](double similarity) { return distance ? distance(similarity) : 1 - similarity; };
  Dendrogram dendrogram(num_items);
  for (const auto& edge : forest) dendrogram.merge(edge.left, edge.right, height(edge.similarity));
  const auto roots = dendrogram.roots();
  for (std::size_t k = 1; k < roots.size(); ++k) dendrogram.merge(roots.front(), roots[k], height(-kInfinity));
  return std::move(dendrogram.rows);
}

std::optional<Chain> strongest_chain(std::span<const Edge> forest, std::int64_t num_items, std::int64_t from,
                                     std::int64_t to) {
  check_item(from, num_items);
  check_item(to, num_items);
  // Every item's edges, one after the other.
  std::vector<std::size_t> begins(static_cast<std::size_t>(num_items) + 1);
  for (const auto& edge : forest) {
    ++begins[static_cast<std::size_t>(edge.left) + 1];
    ++begins[static_cast<std::size_t>(edge.right) + 1];
  }
  for (std::size_t item = 1; item < begins.size(); ++item) begins[item] += begins[item - 1];
  std::vector<std::size_t> edges(2 * forest.size());
  auto next = begins;
  for (std::size_t k = 0; k < forest.size(); ++k) {
    for (const auto item : {forest[k].left, forest[k].right}) edges[next[static_cast<std::size_t>(item)]++] = k;
  }
  // From the far end, so that following the edges back gives the chain in order.
  constexpr std::size_t kUnseen = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> towards(static_cast<std::size_t>(num_items), kUnseen);
  std::vector<std::int64_t> front{to};
  const auto other_end = [&](std::size_t edge, std::int64_t item) {
    return forest[edge].left == item ? forest[edge].right : forest[edge].left;
  };
  while (!front.empty() && from != to && towards[static_cast<std::size_t>(from)] == kUnseen) {
    const std::int64_t item = front.back();
    front.pop_back();
    for (auto k = begins[static_cast<std::size_t>(item)]; k < begins[static_cast<std::size_t>(item) + 1]; ++k) {
      if (edges[k] == towards[static_cast<std::size_t>(item)]) continue;
      const std::int64_t other = other_end(edges[k], item);
      towards[static_cast<std::size_t>(other)] = edges[k];
      front.push_back(other);
    }
  }
  if (from != to && towards[static_cast<std::size_t>(from)] == kUnseen) return std::nullopt;
  Chain chain{{from}, {}, 1};
  for (std::int64_t item = from; item != to;) {
    const std::size_t edge = towards[static_cast<std::size_t>(item)];
    item = other_end(edge, item);
    chain.items.push_back(item);
    chain.similarities.push_back(forest[edge].similarity);
  }
  if (from != to) chain.weakest = *std::min_element(chain.similarities.begin(), chain.similarities.end());
  return chain;
}

}  // namespace simile
