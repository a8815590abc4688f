// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/components.hpp"

#include <cmath>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

Components::Components(double threshold) : threshold_(threshold) {
  if (std::isnan(threshold)) throw Error(ErrorCode::invalid_argument, "a threshold must be a number");
}

void Components::begin(const Pairs& pairs, int /*num_workers*/) {
  pairs_ = pairs;
  labels_.clear();
  sets_ = UnionFind(pairs.num_nodes());
}

bool Components::settled(const Tile& tile) const {
  if (!tile.list.empty()) return false;  // asking costs as much as uniting
  const std::int64_t root = sets_.find(tile.rows.begin);
  for (std::int64_t col = tile.cols.end - 1; col >= tile.cols.begin; --col) {
    if (sets_.find(pairs_->right_node(col)) != root) return false;
  }
  for (std::int64_t row = tile.rows.begin + 1; row < tile.rows.end; ++row) {
    if (sets_.find(row) != root) return false;
  }
  return true;
}

Need Components::need(const Tile& /*tile*/) const { return {.floor = threshold_, .exact = false}; }

void Components::consume(int /*worker*/, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) {
  // Sure edges first: a pair in the band needs no evaluation once its ends are connected.
  for (const auto& pair : scored) {
    if (pair.low >= threshold_) sets_.unite(pair.left, pairs_->right_node(pair.right));
  }
  for (const auto& pair : scored) {
    if (pair.low >= threshold_ || pair.high < threshold_) continue;
    const std::int64_t right = pairs_->right_node(pair.right);
    if (sets_.find(pair.left) != sets_.find(right) && exact(pair) >= threshold_) sets_.unite(pair.left, right);
  }
}

void Components::unite(std::span<const std::int64_t> nodes) {
  ensure(static_cast<std::int64_t>(nodes.size()) == pairs_->num_nodes(), "a label for each node");
  for (std::size_t node = 0; node < nodes.size(); ++node) sets_.unite(static_cast<std::int64_t>(node), nodes[node]);
}

void Components::finish(const Evaluate& /*evaluate*/) { labels_ = sets_.labels(); }

std::string Components::identity() const { return concat("threshold ", threshold_, ", ", sides(*pairs_)); }

void Components::save_state(StateWriter& out) {
  const auto labels = sets_.labels();
  out.array(std::span<const std::int64_t>(labels));
}

void Components::load_state(StateReader& in) {
  const std::int64_t num_nodes = pairs_->num_nodes();
  if (in.count(sizeof(std::int64_t)) != num_nodes) throw_bad_state("labels of another number of items");
  sets_ = UnionFind(num_nodes);
  for (std::int64_t node = 0; node < num_nodes; ++node) sets_.unite(node, in.integer("a label", 0, node));
}

void Components::merge_state(const Sink& other, Exact& /*exact*/) {
  unite(static_cast<const Components&>(other).sets_.labels());
}

}  // namespace simile
