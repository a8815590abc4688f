// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "support/oracle.hpp"
#include "support/pair_oracle.hpp"

#include "simile/core/simd.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/histogram.hpp"
#include "simile/similarity/row_sums.hpp"
#include "simile/similarity/spanning_tree.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile {

inline constexpr std::int64_t kPlentyOfMemory = 1LL << 30;
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What a comparison needs, with defaults.
struct Engine {
  explicit Engine(int num_threads = 2, std::int64_t memory_bytes_in = kPlentyOfMemory)
      : pool(num_threads), progress(make_silent_progress()), memory_bytes(memory_bytes_in) {}

  CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink) {
    return simile::compare(pairs, metric, sink, {pool, *progress, cancellation, memory_bytes, device});
  }

  ThreadPool pool;
  std::unique_ptr<Progress> progress;
  Cancellation cancellation;
  std::int64_t memory_bytes;
  Device device{};
};

/// Puts the SIMD level back that was in use.
class SimdScope {
 public:
  SimdScope() : before_(simd_level()) {}
  ~SimdScope() { set_simd_level(before_); }
  SimdScope(const SimdScope&) = delete;
  SimdScope& operator=(const SimdScope&) = delete;

 private:
  SimdLevel before_;
};

/// Every pair, by plain loops.
inline std::vector<IndexPair> all_pairs(const Pairs& pairs) {
  std::vector<IndexPair> all(pairs.list().begin(), pairs.list().end());
  if (pairs.shape() == Pairs::Shape::list) return all;
  for (std::int64_t i = 0; i < pairs.num_left(); ++i) {
    for (std::int64_t j = pairs.one_set() ? i + 1 : 0; j < pairs.num_right(); ++j) all.push_back({i, j});
  }
  return all;
}

/// The labels that plain loops and the oracle's components give.
inline std::vector<std::int64_t> expected_labels(const Pairs& pairs, const Metric& metric, double threshold) {
  std::vector<std::pair<std::int64_t, std::int64_t>> edges;
  for (const auto& [i, j] : all_pairs(pairs)) {
    if (metric.exact(i, j) >= threshold) edges.emplace_back(i, pairs.right_node(j));
  }
  return oracle_components(pairs.num_nodes(), edges);
}

/// The edges that plain loops give, in the order of `pairs` (ascending unless it is a list).
inline std::vector<Edge> expected_edges(const Pairs& pairs, const Metric& metric, double threshold) {
  std::vector<Edge> edges;
  for (const auto& [i, j] : all_pairs(pairs)) {
    const double similarity = metric.exact(i, j);
    if (similarity >= threshold) edges.push_back({i, j, similarity});
  }
  return edges;
}

inline std::vector<std::int64_t> labels_of(Engine& engine, const Pairs& pairs, const Metric& metric, double threshold) {
  Components components(threshold);
  engine.compare(pairs, metric, components);
  return components.labels();
}

inline std::vector<Edge> edges_of(const Edges& edges) {
  std::vector<Edge> all;
  edges.for_each([&](const Edge& edge) { all.push_back(edge); });
  return all;
}

inline std::vector<Edge> edges_of(Engine& engine, const Pairs& pairs, const Metric& metric, double threshold,
                                  const EdgesOptions& options = {}) {
  Edges edges(threshold, options);
  engine.compare(pairs, metric, edges);
  return edges_of(edges);
}

inline std::vector<double> sums_of(Engine& engine, const Pairs& pairs, const Metric& metric) {
  RowSums sums;
  engine.compare(pairs, metric, sums);
  return sums.sums();
}

inline std::vector<std::int64_t> counts_of(Engine& engine, const Pairs& pairs, const Metric& metric,
                                           const HistogramOptions& options = {}) {
  Histogram histogram(options);
  engine.compare(pairs, metric, histogram);
  auto counts = histogram.counts();
  counts.push_back(histogram.num_alike_to_nothing());
  return counts;
}

using Neighbours = std::vector<std::vector<std::pair<std::int64_t, double>>>;

inline Neighbours neighbours_of(const TopK& top, std::int64_t num_left) {
  Neighbours all(static_cast<std::size_t>(num_left));
  for (std::int64_t item = 0; item < num_left; ++item) {
    for (const auto& [other, similarity] : top.neighbours(item)) {
      all[static_cast<std::size_t>(item)].emplace_back(other, similarity);
    }
  }
  return all;
}

inline Neighbours neighbours_of(Engine& engine, const Pairs& pairs, const Metric& metric, std::int64_t k) {
  TopK top(k);
  engine.compare(pairs, metric, top);
  return neighbours_of(top, pairs.num_left());
}

inline std::vector<OraclePair> forest_of(const SpanningTree& tree) {
  std::vector<OraclePair> all;
  for (const auto& [left, right, similarity] : tree.edges()) all.push_back({left, right, similarity});
  return all;
}

inline std::vector<OraclePair> forest_of(Engine& engine, const Pairs& pairs, const Metric& metric,
                                         const SpanningTreeOptions& options = {}) {
  SpanningTree tree(options);
  engine.compare(pairs, metric, tree);
  return forest_of(tree);
}

/// A metric whose similarities are given by a function of two items.
template <class Function>
class FunctionMetric : public Metric {
 public:
  FunctionMetric(std::int64_t num_left, std::int64_t num_right, Function function)
      : num_left_(num_left), num_right_(num_right), function_(std::move(function)) {}

  std::string_view name() const override { return "function"; }
  std::int64_t num_left() const override { return num_left_; }
  std::int64_t num_right() const override { return num_right_; }
  std::int64_t resident_bytes() const override { return 0; }
  Cost cost() const override {
    Cost cost;
    cost.preferred_edge = edge;
    return cost;
  }
  double exact(std::int64_t left, std::int64_t right) const override { return function_(left, right); }

  std::int64_t edge = 16;

 private:
  std::int64_t num_left_;
  std::int64_t num_right_;
  Function function_;
};

/// Multiplies and mixes: the same doubles in [0, 1) for a pair everywhere, symmetric.
inline double hashed_similarity(std::int64_t left, std::int64_t right) {
  std::uint64_t key =
      static_cast<std::uint64_t>(std::min(left, right)) << 32 | static_cast<std::uint64_t>(std::max(left, right));
  key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9ULL;
  key = (key ^ key >> 27) * 0x94d049bb133111ebULL;
  return static_cast<double>((key ^ key >> 31) >> 11) * 0x1p-53;
}

/// Similarities by a function, screened as intervals around them: of a width in [0, widest] that differs from pair to
/// pair, some known exactly, some with an end at -infinity. Counts how often the definition was asked for.
template <class Function>
class IntervalMetric : public FunctionMetric<Function> {
 public:
  IntervalMetric(std::int64_t num_left, std::int64_t num_right, double widest, Function function)
      : FunctionMetric<Function>(num_left, num_right, std::move(function)), widest_(widest) {}
  double exact(std::int64_t left, std::int64_t right) const override {
    evaluations.fetch_add(1, std::memory_order_relaxed);
    return FunctionMetric<Function>::exact(left, right);
  }
  mutable std::atomic<std::int64_t> evaluations{0};

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& /*workspace*/,
                    std::vector<ScoredPair>& out) const override {
    for (std::int64_t left = tile.rows.begin; left < tile.rows.end; ++left) {
      const std::int64_t first = tile.upper ? std::max(tile.cols.begin, left + 1) : tile.cols.begin;
      for (std::int64_t right = first; right < tile.cols.end; ++right) {
        const double similarity = FunctionMetric<Function>::exact(left, right);
        ScoredPair pair{left, right, similarity, similarity};
        const double below = hashed_similarity(left + 1'000'000, right);
        const double above = hashed_similarity(left + 2'000'000, right);
        if (below > 0.1) pair.low -= below * widest_;
        if (above > 0.1) pair.high = (similarity == -kInfinity ? 0 : similarity) + above * widest_;
        if (below > 0.99) pair.low = -kInfinity;
        if (pair.high >= need.floor) out.push_back(pair);
      }
    }
  }

 private:
  double widest_;
};

/// What a pair's oracle needs, from the definition: node numbers on both sides, or indices.
inline std::vector<OraclePair> oracle_pairs(const Pairs& pairs, const Metric& metric, bool nodes) {
  std::vector<OraclePair> all;
  for (const auto& [i, j] : all_pairs(pairs)) all.push_back({i, nodes ? pairs.right_node(j) : j, metric.exact(i, j)});
  return all;
}

}  // namespace simile
