// SPDX-License-Identifier: Apache-2.0
#include "similarity/linkage.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace simile {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kMinSlice = 256;

}  // namespace

void Linkage::reset(Range first, Range second) {
  first_ = first;
  // Nodes of both ranges count among the first; their second numbers stay unused.
  second_begin_ = second.begin;
  const auto count = static_cast<std::size_t>(first.size() + second.size());
  links_.resize(count);
  for (std::size_t node = 0; node < count; ++node) links_[node] = {-kInfinity, 0, 0, static_cast<std::int64_t>(node)};
  sizes_.assign(count, 1);
  num_sets_ = num_nodes();
  weakest_ = kInfinity;
}

std::int64_t Linkage::local(std::int64_t node) const {
  if (node >= first_.begin && node < first_.end) return node - first_.begin;
  return first_.size() + node - second_begin_;
}

bool Linkage::add(const ScoredPair& edge) {
  const auto root_of = [&](std::int64_t node) {
    while (links_[static_cast<std::size_t>(node)].parent != node) node = links_[static_cast<std::size_t>(node)].parent;
    return static_cast<std::size_t>(node);
  };
  std::size_t small = root_of(local(edge.left));
  std::size_t large = root_of(local(edge.right));
  if (small == large) return false;
  if (sizes_[small] > sizes_[large]) std::swap(small, large);
  sizes_[large] += sizes_[small];
  links_[small] = {edge.low, edge.left, edge.right, static_cast<std::int64_t>(large)};
  --num_sets_;
  weakest_ = edge.low;
  return true;
}

bool Linkage::dominated(const ScoredPair& edge) const {
  return climb_links(links_.data(), local(edge.left), edge) == climb_links(links_.data(), local(edge.right), edge);
}

double Linkage::weakest_link(Range rows, Range cols) const {
  double weakest = kInfinity;
  std::int64_t common = -1;
  for (const auto& range : {rows, cols}) {
    for (std::int64_t item = range.begin; item < range.end; ++item) {
      std::int64_t node = local(item);
      for (;;) {
        const Link& link = links_[static_cast<std::size_t>(node)];
        if (link.parent == node) break;
        weakest = std::min(weakest, link.low);
        node = link.parent;
      }
      if (common >= 0 && node != common) return -kInfinity;
      common = node;
    }
  }
  return weakest;
}

void reduce_to_forest(std::vector<ScoredPair>& edges, Linkage& linkage) {
  auto kept = edges.begin();
  auto begin = edges.begin();
  auto last = edges.end();
  std::int64_t slice = std::max(kMinSlice, linkage.num_nodes());
  while (begin != last) {
    auto end = last;
    if (last - begin > 2 * slice) {
      end = begin + slice;
      std::nth_element(begin, end, last, stronger);
      slice *= 2;
    }
    std::sort(begin, end, stronger);
    for (; begin != end; ++begin) {
      // What is not dominated by now never will be: all that could come before it has been added.
      if (linkage.dominated(*begin)) continue;
      linkage.add(*begin);
      *kept++ = *begin;
    }
    last = std::remove_if(begin, last, [&](const ScoredPair& edge) { return linkage.dominated(edge); });
  }
  edges.erase(kept, edges.end());
}

}  // namespace simile
