// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/row_sums.hpp"

namespace simile {

void RowSums::begin(const Pairs& pairs, int /*num_workers*/) {
  pairs_ = pairs;
  sums_.assign(static_cast<std::size_t>(pairs.num_nodes()), {});
  rounded_.clear();
}

Need RowSums::need(const Tile& /*tile*/) const { return {.exact = true}; }

void RowSums::add(std::int64_t node, double similarity) {
  const std::lock_guard lock(stripes_[static_cast<std::size_t>(node) % kStripes]);
  sums_[static_cast<std::size_t>(node)].add(similarity);
}

void RowSums::add(std::int64_t node, const ExactSum& sum) {
  const std::lock_guard lock(stripes_[static_cast<std::size_t>(node) % kStripes]);
  sums_[static_cast<std::size_t>(node)].add(sum);
}

void RowSums::consume(int /*worker*/, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) {
  for (const auto& pair : scored) {
    const double similarity = exact(pair);
    add(pair.left, similarity);
    add(pairs_->right_node(pair.right), similarity);
  }
}

void RowSums::finish(const Evaluate& /*evaluate*/) {
  rounded_.reserve(sums_.size());
  for (const auto& sum : sums_) rounded_.push_back(sum.value());
  sums_.clear();
}

std::string RowSums::identity() const { return sides(*pairs_); }

void RowSums::save_state(StateWriter& out) {
  for (const auto& sum : sums_) sum.save(out);
}

void RowSums::load_state(StateReader& in) {
  for (auto& sum : sums_) sum.load(in);
}

void RowSums::merge_state(const Sink& other, Exact& /*exact*/) {
  const auto& more = static_cast<const RowSums&>(other).sums_;
  for (std::size_t node = 0; node < sums_.size(); ++node) sums_[node].add(more[node]);
}

}  // namespace simile
