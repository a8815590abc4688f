// SPDX-License-Identifier: Apache-2.0
#pragma once

// What becomes of a pair on the device. A sink sees the interval of every pair of a tile: it decides what is sure and
// appends the rest to the tile's list, of which the definition is then evaluated where the sink wants it.

#include <cstdint>
#include <variant>

#include "cuda/similarity/parents.cuh"
#include "similarity/arithmetic/histogram.hpp"
#include "similarity/arithmetic/linkage.hpp"

#include "simile/similarity/metric.hpp"

namespace simile::cuda {

/// Pairs that kernels append; there is room for every pair of a tile.
struct PairList {
  ScoredPair* pairs;
  unsigned long long* count;

  __device__ void append(std::int64_t left, std::int64_t right, double low, double high) const {
    pairs[atomicAdd(count, 1ULL)] = {left, right, low, high};
  }
};

/// Floors of single items, or null: a pair matters when it reaches that of one of its ends.
struct ItemFloors {
  const double* left = nullptr;
  const double* right = nullptr;  // of one set the same, else null

  __device__ bool reached(std::int64_t row, std::int64_t col, double high) const {
    if (left == nullptr || high >= left[row]) return true;
    return right != nullptr && high >= right[col];
  }
};

/// Keeps what reaches the floors, with exact similarities, for the host.
struct DeviceCollect {
  PairList list;
  double floor;
  ItemFloors items;

  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    if (high >= floor && items.reached(left, right, high)) list.append(left, right, low, high);
  }
  __device__ bool wants(const ScoredPair& pair) const { return pair.low < pair.high; }
  __device__ void decide(ScoredPair& pair, double exact) const { pair.low = pair.high = exact; }
};

/// Unites the ends of what reaches the threshold. Nodes are numbered as in Components.
struct DeviceComponents {
  PairList list;
  double threshold;
  Parents parents;
  std::int64_t right_begin;

  __device__ bool apart(std::int64_t left, std::int64_t right) const {
    return parents.find(static_cast<std::int32_t>(left)) !=
           parents.find(static_cast<std::int32_t>(right_begin + right));
  }
  __device__ void join(std::int64_t left, std::int64_t right) const {
    parents.unite(static_cast<std::int32_t>(left), static_cast<std::int32_t>(right_begin + right));
  }
  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    if (low >= threshold) {
      join(left, right);
    } else if (high >= threshold && apart(left, right)) {
      list.append(left, right, low, high);
    }
  }
  /// No evaluation once the ends are connected.
  __device__ bool wants(const ScoredPair& pair) const { return apart(pair.left, pair.right); }
  __device__ void decide(const ScoredPair& pair, double exact) const {
    if (exact >= threshold) join(pair.left, pair.right);
  }
};

/// Counts pairs by similarity; the last count, after those of the bins, is of pairs that are alike to nothing.
struct DeviceHistogram {
  PairList list;
  HistogramBins bins;
  unsigned long long* counts;

  __device__ void count(double similarity) const {
    const bool nothing = similarity == -INFINITY;
    atomicAdd(counts + (nothing ? bins.count : bins.of(similarity)), 1ULL);
  }
  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    if (low == high || (low != -INFINITY && high < bins.ends[bins.of(low)])) {
      count(low);
    } else {
      list.append(left, right, low, high);
    }
  }
  __device__ bool wants(const ScoredPair& /*pair*/) const { return true; }
  __device__ void decide(const ScoredPair& /*pair*/, double exact) const { count(exact); }
};

/// As DeviceCollect, without what edges of the known forest beat for sure. Nodes are numbered as in SpanningTree.
struct DeviceForest {
  PairList list;
  double floor;
  const Link* links;
  std::int64_t right_begin;

  __device__ bool dominated(std::int64_t left, std::int64_t right, double low, double high) const {
    const std::int64_t other = right_begin + right;
    const ScoredPair edge{left < other ? left : other, left < other ? other : left, low, high};
    return climb_links(links, edge.left, edge) == climb_links(links, edge.right, edge);
  }
  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    if (high >= floor && high != -INFINITY && !dominated(left, right, low, high)) list.append(left, right, low, high);
  }
  __device__ bool wants(const ScoredPair& pair) const { return pair.low < pair.high; }
  __device__ void decide(ScoredPair& pair, double exact) const { pair.low = pair.high = exact; }
};

using DeviceSink = std::variant<DeviceCollect, DeviceComponents, DeviceHistogram, DeviceForest>;

}  // namespace simile::cuda
