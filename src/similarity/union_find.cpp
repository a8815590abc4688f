// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/union_find.hpp"

#include <utility>

namespace simile {

UnionFind::UnionFind(std::int64_t count)
    : count_(count), parents_(std::make_unique<std::atomic<std::int64_t>[]>(static_cast<std::size_t>(count))) {
  for (std::int64_t node = 0; node < count; ++node) {
    parents_[static_cast<std::size_t>(node)].store(node, std::memory_order_relaxed);
  }
}

// Parents only ever get smaller, and a node that has become a child never becomes a root again: relaxed order is
// enough, and halving may store any ancestor it has seen.
std::int64_t UnionFind::find(std::int64_t node) const {
  for (;;) {
    const std::int64_t parent = parents_[static_cast<std::size_t>(node)].load(std::memory_order_relaxed);
    if (parent == node) return node;
    const std::int64_t grandparent = parents_[static_cast<std::size_t>(parent)].load(std::memory_order_relaxed);
    if (grandparent == parent) return parent;
    parents_[static_cast<std::size_t>(node)].store(grandparent, std::memory_order_relaxed);
    node = grandparent;
  }
}

void UnionFind::unite(std::int64_t a, std::int64_t b) {
  for (;;) {
    a = find(a);
    b = find(b);
    if (a == b) return;
    if (a < b) std::swap(a, b);
    std::int64_t expected = a;
    if (parents_[static_cast<std::size_t>(a)].compare_exchange_strong(expected, b, std::memory_order_relaxed)) return;
  }
}

std::vector<std::int64_t> UnionFind::labels() const {
  std::vector<std::int64_t> labels(static_cast<std::size_t>(count_));
  for (std::int64_t node = 0; node < count_; ++node) labels[static_cast<std::size_t>(node)] = find(node);
  return labels;
}

}  // namespace simile
