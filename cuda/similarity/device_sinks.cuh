// SPDX-License-Identifier: Apache-2.0
#pragma once

// What becomes of a pair on the device. A sink sees the interval of every pair of a tile: it decides what is sure and
// appends the rest to the tile's list, of which the definition is then evaluated where the sink wants it.

#include <cstdint>
#include <variant>

#include "core/exact_sum_parts.hpp"
#include "cuda/similarity/pair_list.cuh"
#include "cuda/similarity/parents.cuh"
#include "cuda/similarity/top_k.cuh"
#include "similarity/arithmetic/histogram.hpp"
#include "similarity/arithmetic/linkage.hpp"

#include "simile/similarity/metric.hpp"

namespace simile::cuda {

/// Keeps what reaches the floor, with exact similarities, for the host.
struct DeviceCollect {
  PairList list;
  double floor;

  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    if (high >= floor) list.append(left, right, low, high);
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

/// Counts on the device.
struct GlobalCounts {
  unsigned long long* counts;

  __device__ void add(std::int64_t k) const { atomicAdd(counts + k, 1ULL); }
};

/// Counts of one thread block, for GlobalCounts in the end, where there is room for so many; a block sees fewer than
/// 2^32 pairs in one kernel.
struct BlockCounts {
  GlobalCounts all;
  unsigned* counts;  ///< or null

  __device__ void add(std::int64_t k) const {
    if (counts == nullptr) {
      all.add(k);
    } else {
      atomicAdd(counts + k, 1U);
    }
  }
};

/// Counts pairs by similarity; the last count, after those of the bins, is of pairs that are alike to nothing.
template <class Counts>
struct HistogramSink {
  PairList list;
  HistogramBins bins;
  Counts counts;

  __device__ void count(double similarity) const {
    counts.add(similarity == -INFINITY ? bins.count : bins.of(similarity));
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

using DeviceHistogram = HistogramSink<GlobalCounts>;
using BlockHistogram = HistogramSink<BlockCounts>;

/// Adds exact similarities to the sums of both ends (ExactSum): integers, whose sum no order can change. Nodes are
/// numbered as in RowSums.
struct DeviceRowSums {
  PairList list;
  unsigned long long* limbs;  ///< [nodes, kSumLimbs], two's complement
  unsigned* specials;         ///< by node, which terms there were that are not finite: bits of SumSpecial
  std::int64_t right_begin;

  __device__ void add(std::int64_t node, double term) const {
    if (!(fabs(term) < INFINITY)) {
      atomicOr(specials + node, sum_special(term));
      return;
    }
    const SumParts parts = sum_parts(term);
    unsigned long long* const to = limbs + node * kSumLimbs + parts.limb;
    for (int k = 0; k < 3; ++k) {
      if (parts.parts[k] != 0) atomicAdd(to + k, static_cast<unsigned long long>(parts.parts[k]));
    }
  }
  __device__ void take(std::int64_t left, std::int64_t right, double exact) const {
    add(left, exact);
    add(right_begin + right, exact);
  }
  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    if (low == high) {
      take(left, right, low);
    } else {
      list.append(left, right, low, high);
    }
  }
  __device__ bool wants(const ScoredPair& /*pair*/) const { return true; }
  __device__ void decide(const ScoredPair& pair, double exact) const { take(pair.left, pair.right, exact); }
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

using DeviceSink =
    std::variant<DeviceCollect, DeviceComponents, DeviceHistogram, DeviceRowSums, DeviceForest, DeviceTopK>;

/// Most counts that a block keeps for itself: 4,096 bins and one more.
inline constexpr std::int64_t kBlockCounts = 4097;

/// Whether a block's work for the sink begins and ends with as much work as many pairs are.
template <class Sink>
inline constexpr bool kCollectsByBlock = false;
template <>
inline constexpr bool kCollectsByBlock<DeviceHistogram> = true;

/// What the threads of a block work with for a sink: the sink itself, or what gathers for it until finish_block(). All
/// threads of the block call both.
template <class Sink>
__device__ Sink begin_block(const Sink& sink) {
  return sink;
}
template <class Sink>
__device__ void finish_block(const Sink& /*sink*/) {}

__device__ inline std::int64_t thread_of_block() { return threadIdx.y * blockDim.x + threadIdx.x; }

/// Many pairs are equally similar: in global memory their counts would wait for one another.
__device__ inline BlockHistogram begin_block(const DeviceHistogram& sink) {
  __shared__ unsigned counts[kBlockCounts];
  if (sink.bins.count >= kBlockCounts) return {sink.list, sink.bins, {sink.counts, nullptr}};
  for (std::int64_t k = thread_of_block(); k <= sink.bins.count; k += blockDim.x * blockDim.y) counts[k] = 0;
  __syncthreads();
  return {sink.list, sink.bins, {sink.counts, counts}};
}
__device__ inline void finish_block(const BlockHistogram& sink) {
  const BlockCounts& mine = sink.counts;
  if (mine.counts == nullptr) return;
  __syncthreads();
  for (std::int64_t k = thread_of_block(); k <= sink.bins.count; k += blockDim.x * blockDim.y) {
    if (mine.counts[k] != 0) atomicAdd(mine.all.counts + k, static_cast<unsigned long long>(mine.counts[k]));
  }
}

}  // namespace simile::cuda
