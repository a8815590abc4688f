// SPDX-License-Identifier: Apache-2.0
#pragma once

// Nearest neighbours on the device: what no row can want any more is dropped there (docs/algorithms.md, "Nearest
// neighbours").

#include <cstdint>
#include <cstring>

#include "core/device_code.hpp"
#include "cuda/core/gpu.hpp"
#include "cuda/similarity/pair_list.cuh"

namespace simile::cuda {

/// A similarity, rounded down to float, and an item, so that a larger number is what comes first: the more similar, of
/// equal ones the smaller item. 0 is less than any.
using Rank = unsigned long long;

SIMILE_SHARED Rank rank_of(float similarity, std::uint32_t item) {
  const float no_minus_zero = similarity + 0.0F;
  std::uint32_t bits = 0;
  std::memcpy(&bits, &no_minus_zero, sizeof(bits));
  const std::uint32_t ordered = bits >> 31 != 0 ? ~bits : bits | 0x80000000U;
  return static_cast<Rank>(ordered) << 32 | (0xffffffffU - item);
}

/// Of a pair whose similarity is at most `high`, whether it comes after the rank for sure.
SIMILE_SHARED bool comes_after(double high, std::int64_t item, Rank rank) {
  if (rank == 0) return false;
  const auto ordered = static_cast<std::uint32_t>(rank >> 32);
  const std::uint32_t bits = ordered >> 31 != 0 ? ordered & 0x7fffffffU : ~ordered;
  float similarity = 0;
  std::memcpy(&similarity, &bits, sizeof(similarity));
  if (high != static_cast<double>(similarity)) return high < static_cast<double>(similarity);
  return item > static_cast<std::int64_t>(0xffffffffU - static_cast<std::uint32_t>(rank));
}

/// What the device knows of rows. Items are in groups, item % num_groups; of every row and group the first rank is kept
/// that a pair surely has. So the k-th of a row's groups is surely reached by k items.
struct TopKRows {
  Rank* floors;  ///< by row: only rise
  Rank* groups;  ///< [rows, num_groups]
  std::uint32_t num_groups;
  std::int64_t k;

  __device__ void note(std::int64_t row, double low, std::int64_t item) const {
    const auto number = static_cast<std::uint32_t>(item);
    const Rank rank = rank_of(__double2float_rd(low), number);
    Rank* const best = groups + row * num_groups + number % num_groups;
    if (rank > __ldcg(best)) atomicMax(best, rank);
  }
};

/// Rows and, of one set, columns whose floors a tile can raise; empty for lists.
struct TopKRanges {
  Range rows;
  Range cols;
};

/// Keeps the pairs that one of their rows may still want, with exact similarities, for the host.
struct DeviceTopK {
  PairList list;
  TopKRows rows;
  bool one_set;
  TopKRanges ranges;
  bool survey;  ///< rows are there that have no floor: it pays to look at all pairs first

  /// Floors as they are in memory: other kernels may raise them at the same time.
  __device__ bool matters(const ScoredPair& pair) const {
    if (!comes_after(pair.high, pair.right, __ldcg(rows.floors + pair.left))) return true;
    return one_set && !comes_after(pair.high, pair.left, __ldcg(rows.floors + pair.right));
  }
  /// Takes note of the pair where it matters; whether it does.
  __device__ bool note(std::int64_t left, std::int64_t right, double low, double high) const {
    if (high == -INFINITY || (one_set && left == right)) return false;
    const bool of_left = !comes_after(high, right, rows.floors[left]);
    const bool of_right = one_set && !comes_after(high, left, rows.floors[right]);
    if (of_left && low > -INFINITY) rows.note(left, low, right);
    if (of_right && low > -INFINITY) rows.note(right, low, left);
    return of_left || of_right;
  }
  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    if (note(left, right, low, high)) list.append(left, right, low, high);
  }
  __device__ bool wants(const ScoredPair& pair) const { return pair.low < pair.high && matters(pair); }
  __device__ void decide(ScoredPair& pair, double exact) const {
    pair.low = pair.high = exact;
    note(pair.left, pair.right, exact, exact);
  }
};

/// Looks at pairs without keeping them.
struct TopKSurvey {
  DeviceTopK sink;

  __device__ void see(std::int64_t left, std::int64_t right, double low, double high) const {
    sink.note(left, right, low, high);
  }
};

/// Raises the floors of the ranges to what has been noted.
void raise_floors(const Gpu& gpu, const TopKRows& rows, const TopKRanges& ranges);

}  // namespace simile::cuda
