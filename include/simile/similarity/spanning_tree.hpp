// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "simile/similarity/edges.hpp"
#include "simile/similarity/sink.hpp"

namespace simile {

class Linkage;

struct SpanningTreeOptions {
  /// Pairs below it are no edges.
  double floor = -std::numeric_limits<double>::infinity();
  /// For edges that may yet belong to the forest, over all workers; beside about 120 bytes a node.
  std::int64_t memory_bytes = 256LL << 20;
};

/// The maximum spanning forest of the graph of all pairs with their exact similarities: the connected components of
/// every threshold, single linkage and HDBSCAN follow from it. Edges are ordered by higher similarity, then the smaller
/// (min, max) of their nodes, so there is one forest. Pairs that are alike to nothing (similarity -infinity) are no
/// edges. Nodes are numbered as in Components.
class SpanningTree final : public Sink {
 public:
  /// Throws invalid_argument when the floor is NaN.
  explicit SpanningTree(const SpanningTreeOptions& options = {});
  ~SpanningTree() override;

  std::string_view name() const override { return "spanning tree"; }
  void begin(const Pairs& pairs, int num_workers) override;
  Need need(const Tile& tile) const override;
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override;
  void finish(const Evaluate& evaluate) override;

  /// The forest of the edges taken over so far, another object whenever it changes: for backends that drop what it
  /// dominates. From begin() to finish().
  std::shared_ptr<const Linkage> known() const;

  /// The forest, strongest edge first, left < right; after finish().
  const std::vector<Edge>& edges() const { return edges_; }

 protected:
  std::string identity() const override;
  void save_state(StateWriter& out) override;
  void load_state(StateReader& in) override;
  void merge_state(const Sink& other, Exact& exact) override;

 private:
  struct Worker;
  using Candidates = std::vector<ScoredPair>;  // edges between nodes, left < right

  ScoredPair edge_of(const ScoredPair& pair) const;
  double exact_of(const ScoredPair& edge, Exact& exact) const;
  Range right_nodes(const Range& cols) const;
  void absorb(Candidates& edges);
  void absorb_exactly(Candidates& edges, Exact& exact);
  void absorb_workers();

  SpanningTreeOptions options_;
  std::optional<Pairs> pairs_;
  std::size_t capacity_ = 0;  // of a worker
  std::vector<Worker> workers_;
  std::mutex forest_mutex_;
  Candidates forest_;  // all that may belong to the forest, but for what workers hold
  mutable std::mutex known_mutex_;
  std::shared_ptr<const Linkage> known_;  // of an earlier forest_
  std::vector<Edge> edges_;
};

}  // namespace simile
