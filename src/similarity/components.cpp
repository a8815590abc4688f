// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/components.hpp"

#include <cmath>
#include <utility>

#include "simile/core/error.hpp"

namespace simile {

Components::Components(double threshold) : threshold_(threshold) {
  if (std::isnan(threshold)) throw Error(ErrorCode::invalid_argument, "a threshold must be a number");
}

void Components::begin(const Pairs& pairs, int /*num_workers*/) {
  pairs_ = pairs;
  labels_.clear();
  const auto count = static_cast<std::size_t>(pairs.num_nodes());
  parents_ = std::make_unique<std::atomic<std::int64_t>[]>(count);
  for (std::size_t node = 0; node < count; ++node) {
    parents_[node].store(static_cast<std::int64_t>(node), std::memory_order_relaxed);
  }
}

// A parent is always smaller than its child and in the same set, and a node that has become a child never becomes a
// root again. Halving may thus store any ancestor it has seen, even over a smaller one stored meanwhile, and relaxed
// order is enough (docs/algorithms.md, "Components").
std::int64_t Components::find(std::int64_t node) const {
  for (;;) {
    const std::int64_t parent = parents_[static_cast<std::size_t>(node)].load(std::memory_order_relaxed);
    if (parent == node) return node;
    const std::int64_t grandparent = parents_[static_cast<std::size_t>(parent)].load(std::memory_order_relaxed);
    if (grandparent == parent) return parent;
    parents_[static_cast<std::size_t>(node)].store(grandparent, std::memory_order_relaxed);
    node = grandparent;
  }
}

void Components::unite(std::int64_t a, std::int64_t b) {
  for (;;) {
    a = find(a);
    b = find(b);
    if (a == b) return;
    if (a < b) std::swap(a, b);
    std::int64_t expected = a;
    if (parents_[static_cast<std::size_t>(a)].compare_exchange_strong(expected, b, std::memory_order_relaxed)) return;
  }
}

bool Components::settled(const Tile& tile) const {
  if (!tile.list.empty()) return false;  // asking costs as much as uniting
  const std::int64_t root = find(tile.rows.begin);
  for (std::int64_t col = tile.cols.end - 1; col >= tile.cols.begin; --col) {
    if (find(pairs_->right_node(col)) != root) return false;
  }
  for (std::int64_t row = tile.rows.begin + 1; row < tile.rows.end; ++row) {
    if (find(row) != root) return false;
  }
  return true;
}

Need Components::need(const Tile& /*tile*/) const { return {.floor = threshold_, .exact = false}; }

void Components::consume(int /*worker*/, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) {
  // Sure edges first: a pair in the band needs no evaluation once its ends are connected.
  for (const auto& pair : scored) {
    if (pair.low >= threshold_) unite(pair.left, pairs_->right_node(pair.right));
  }
  for (const auto& pair : scored) {
    if (pair.low >= threshold_ || pair.high < threshold_) continue;
    const std::int64_t right = pairs_->right_node(pair.right);
    if (find(pair.left) != find(right) && exact(pair) >= threshold_) unite(pair.left, right);
  }
}

void Components::finish() {
  const auto count = static_cast<std::size_t>(pairs_->num_nodes());
  labels_.resize(count);
  for (std::size_t node = 0; node < count; ++node) labels_[node] = find(static_cast<std::int64_t>(node));
}

}  // namespace simile
