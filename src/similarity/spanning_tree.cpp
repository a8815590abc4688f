// SPDX-License-Identifier: Apache-2.0
// Workers drop what the forest known so far dominates, reduce a tile's rest to the tile's own forest, and hand over
// what they hold when it is much. Only the final forest, and what intervals leave undecided, is evaluated exactly.
#include "simile/similarity/spanning_tree.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "similarity/linkage.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMinCandidates = 1024;
// A tile's edges are reduced when there are so many for each node.
constexpr std::int64_t kDense = 4;
// Undecided edges beyond so many for each node are evaluated exactly.
constexpr std::int64_t kMostUndecided = 2;

}  // namespace

struct SpanningTree::Worker {
  Candidates edges;        // since the last hand-over
  Candidates fresh;        // of one tile
  Linkage of_tile;         // kept for its memory
  std::size_t passed = 0;  // since the last hand-over, edges that the known forest did not dominate
};

SpanningTree::SpanningTree(const SpanningTreeOptions& options) : options_(options) {
  if (std::isnan(options.floor)) throw Error(ErrorCode::invalid_argument, "a threshold must be a number");
}

SpanningTree::~SpanningTree() = default;

void SpanningTree::begin(const Pairs& pairs, int num_workers) {
  pairs_ = pairs;
  const auto num_nodes = static_cast<std::size_t>(pairs.num_nodes());
  const auto share = static_cast<std::size_t>(std::max<std::int64_t>(0, options_.memory_bytes)) / sizeof(ScoredPair) /
                     static_cast<std::size_t>(num_workers);
  // Beyond a few edges a node, reducing them sooner saves more than it costs.
  capacity_ = std::max(kMinCandidates, std::min(share, 4 * num_nodes));
  workers_.clear();
  workers_.resize(static_cast<std::size_t>(num_workers));
  forest_.clear();
  edges_.clear();
  known_ = std::make_shared<const Linkage>(Range{0, pairs.num_nodes()}, Range{});
}

ScoredPair SpanningTree::edge_of(const ScoredPair& pair) const {
  ScoredPair edge = pair;
  edge.right = pairs_->right_node(pair.right);
  if (edge.left > edge.right) std::swap(edge.left, edge.right);
  return edge;
}

double SpanningTree::exact_of(const ScoredPair& edge, Exact& exact) const {
  return edge.low == edge.high ? edge.low : exact(edge.left, edge.right - pairs_->right_node(0));
}

Range SpanningTree::right_nodes(const Range& cols) const {
  return {pairs_->right_node(cols.begin), pairs_->right_node(cols.end)};
}

std::shared_ptr<const Linkage> SpanningTree::known() const {
  const std::lock_guard lock(known_mutex_);
  return known_;
}

Need SpanningTree::need(const Tile& tile) const {
  Need need{.floor = options_.floor, .exact = false};
  if (tile.list.empty()) need.floor = std::max(need.floor, known()->weakest_link(tile.rows, right_nodes(tile.cols)));
  return need;
}

void SpanningTree::consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) {
  Worker& mine = workers_[static_cast<std::size_t>(worker)];
  mine.fresh.clear();
  const auto known = this->known();
  for (const auto& pair : scored) {
    if (pair.high < options_.floor || pair.high == -kInfinity) continue;
    const ScoredPair edge = edge_of(pair);
    if (!known->dominated(edge)) mine.fresh.push_back(edge);
  }
  mine.passed += mine.fresh.size();
  const auto dense = static_cast<std::size_t>(kDense * (tile.rows.size() + tile.cols.size()));
  if (tile.list.empty() && mine.fresh.size() > dense) {
    mine.of_tile.reset(tile.rows, right_nodes(tile.cols));
    reduce_to_forest(mine.fresh, mine.of_tile);
  }
  mine.edges.insert(mine.edges.end(), mine.fresh.begin(), mine.fresh.end());
  // Reducing all pays as soon as it costs less than what the old forest lets through.
  if (mine.edges.size() < capacity_ && mine.passed < 4 * capacity_) return;
  mine.passed = 0;
  absorb_exactly(mine.edges, exact);
}

/// Takes the edges over into forest_, reduced. Under forest_mutex_, or alone.
void SpanningTree::absorb(Candidates& edges) {
  forest_.insert(forest_.end(), edges.begin(), edges.end());
  edges.clear();
  auto linkage = std::make_shared<Linkage>(Range{0, pairs_->num_nodes()}, Range{});
  reduce_to_forest(forest_, *linkage);
  const std::lock_guard lock(known_mutex_);
  known_ = std::move(linkage);
}

void SpanningTree::absorb_exactly(Candidates& edges, Exact& exact) {
  const std::lock_guard lock(forest_mutex_);
  absorb(edges);
  const auto most = static_cast<std::size_t>(kMostUndecided * pairs_->num_nodes()) + kMinCandidates;
  if (forest_.size() <= most) return;
  for (auto& edge : forest_) edge.low = edge.high = exact_of(edge, exact);
  absorb(edges);
}

void SpanningTree::absorb_workers() {
  Candidates all;
  for (auto& worker : workers_) {
    all.insert(all.end(), worker.edges.begin(), worker.edges.end());
    worker.edges.clear();
  }
  absorb(all);
}

void SpanningTree::finish(const Evaluate& evaluate) {
  absorb_workers();
  workers_.clear();
  const std::int64_t right_begin = pairs_->right_node(0);
  for (auto& edge : forest_) edge.right -= right_begin;
  evaluate(forest_);
  for (auto& edge : forest_) edge.right += right_begin;
  Candidates none;
  absorb(none);
  for (const auto& edge : forest_) {
    if (edge.low >= options_.floor && edge.low > -kInfinity) edges_.push_back({edge.left, edge.right, edge.low});
  }
  Candidates().swap(forest_);
  known_.reset();
}

std::string SpanningTree::identity() const { return concat("floor ", options_.floor, ", ", sides(*pairs_)); }

void SpanningTree::save_state(StateWriter& out) {
  absorb_workers();
  out.array(std::span<const ScoredPair>(forest_));
}

void SpanningTree::load_state(StateReader& in) {
  begin(*pairs_, static_cast<int>(workers_.size()));
  auto edges = in.array<ScoredPair>();
  for (const auto& [left, right, low, high] : edges) {
    if (left < 0 || left >= right || right >= pairs_->num_nodes() || right < pairs_->right_node(0) || !(low <= high) ||
        (!pairs_->one_set() && left >= pairs_->num_left())) {
      throw_bad_state(concat("an edge is (", left, ", ", right, ") with a similarity from ", low, " to ", high));
    }
  }
  absorb(edges);
}

void SpanningTree::merge_state(const Sink& other, Exact& exact) {
  const auto& more = static_cast<const SpanningTree&>(other);
  Candidates edges = more.forest_;
  for (const auto& worker : more.workers_) edges.insert(edges.end(), worker.edges.begin(), worker.edges.end());
  absorb_exactly(edges, exact);
}

}  // namespace simile
