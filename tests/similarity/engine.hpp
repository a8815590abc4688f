// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "support/oracle.hpp"

#include "simile/core/simd.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/row_sums.hpp"

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

}  // namespace simile
