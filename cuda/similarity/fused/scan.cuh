// SPDX-License-Identifier: Apache-2.0
#pragma once

// What becomes of a tile's products while they are still in registers: nothing is stored but pairs that could be
// either. A kernel gives each warp's part of the tile as a fragment; see scan_tile().

#include <cstdint>

#include "cuda/similarity/device_sinks.cuh"
#include "cuda/similarity/fused/rounded_set.hpp"
#include "cuda/similarity/fused/tile_list.cuh"
#include "cuda/similarity/score.cuh"
#include "similarity/arithmetic/half.hpp"

namespace simile::cuda {

/// What a scan knows of the rows whose products it sees (RoundedSet).
struct ScanRows {
  const float* errors;
  const double* norms;
  const float* most_errors;  ///< the largest error of each block of kMacroEdge rows
  std::int64_t count;
  Precision precision;
};

/// What every scan of a wave shares.
struct TileScan {
  ScanRows rows;
  double threshold;
  /// Where not null, only this becomes of a tile: the wave's bits of those that may have a pair at the threshold.
  unsigned* marks;
  Parents parents;
  PairList list;
  unsigned long long capacity;  ///< of the list; its count may get larger
  unsigned* redo;               ///< one bit for each tile of the wave
};

/// One block's part of a tile.
struct TilePlace {
  std::int64_t row_begin;
  std::int64_t col_begin;
  std::int64_t entry;  ///< of the tile, in the wave's list
};

/// A product below this is of no pair that reaches the threshold, whatever two rows of these errors, or smaller ones,
/// it is of.
SIMILE_SHARED float product_floor(double threshold, double error_x, double error_y, const Precision& precision) {
  // The interval's ends, and this quotient, are rounded, too.
  const double floor = threshold - rounded_band(error_x, error_y, precision.accumulation) - 0x1p-40;
  return round_down(floor / precision.unit);
}

/// The interval around a product of two rows with these errors, of halves the simple path's.
SIMILE_SHARED Interval product_interval(float product, double error_x, double error_y, const Precision& precision) {
  const double middle = static_cast<double>(product) * precision.unit;
  const double band = rounded_band(error_x, error_y, precision.accumulation);
  return {middle - band, middle + band};
}

/// Rows and columns of one block's tile, as nodes that a warp unites among themselves first.
inline constexpr int kLocalNodes = static_cast<int>(kTileRows + kTileCols);

__device__ inline float larger(float a, float b) { return fmaxf(a, b); }
__device__ inline std::int32_t larger(std::int32_t a, std::int32_t b) { return max(a, b); }

/// The floor in the type of the products.
SIMILE_SHARED float floor_of(float floor, float /*product*/) { return floor; }
SIMILE_SHARED std::int32_t floor_of(float floor, std::int32_t /*product*/) {
  constexpr float kMost = 0x1p30F;
  return static_cast<std::int32_t>(std::fmin(std::fmax(std::ceil(floor), -kMost), kMost));
}

__device__ inline void set_bit(unsigned* bits, std::int64_t k) { atomicOr(bits + k / 32, 1U << (k % 32)); }

/// Which of a block's tile thread `thread` of 256 has after Hopper's matrix instruction (m64n256): value `i` of 128.
struct WarpgroupLayout {
  int thread;

  static constexpr int kSize = 128;
  SIMILE_SHARED_MEMBER int row(int i) const { return thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8; }
  SIMILE_SHARED_MEMBER int col(int i) const { return i / 4 * 8 + thread % 4 * 2 + i % 2; }
};

/// Shows `visit(i, value)` the fragment's values that are not below the floor. The values, which are in registers, can
/// be chosen by number only a few at a time.
template <class Fragment, class Product, class Visit>
__device__ void visit_from(const Fragment& fragment, Product floor, const Visit& visit) {
  constexpr int kFew = 16;
  static_assert(Fragment::kSize % kFew == 0);
#pragma unroll 1
  for (int begin = 0; begin < Fragment::kSize; begin += kFew) {
    Product few[kFew];
#pragma unroll
    for (int i = 0; i < Fragment::kSize; ++i) {
      if (i / kFew == begin / kFew) few[i % kFew] = fragment.value(i);
    }
#pragma unroll 1
    for (int k = 0; k < kFew; ++k) {
      if (few[k] >= floor) visit(begin + k, few[k]);
    }
  }
}

/// Unites what is surely alike and lists what could be, of a warp's part of a tile. All of the warp call it together,
/// each thread with its fragment:
///   kSize                how many products it has, a constant; value(i), i a constant, is one of them, a float or an
///                        integer below 2^30
///   row(i), col(i)       where in the block's tile that is
/// `nodes` is shared memory of the warp's own, for kLocalNodes numbers. Nothing else is shared, and no other warp
/// waited for: where a warp has nothing, which is the usual case, all that it does is one comparison a product.
template <class Fragment>
__device__ void scan_tile(const Fragment& fragment, const TilePlace& place, const TileScan& scan, std::int32_t* nodes) {
  constexpr unsigned kAll = 0xffffffffU;
  const ScanRows& rows = scan.rows;
  using Product = decltype(fragment.value(0));
  const Product floor =
      floor_of(product_floor(scan.threshold, static_cast<double>(rows.most_errors[place.row_begin / kMacroEdge]),
                             static_cast<double>(rows.most_errors[place.col_begin / kMacroEdge]), rows.precision),
               Product{});
  Product most = fragment.value(0);
#pragma unroll
  for (int i = 1; i < Fragment::kSize; ++i) most = larger(most, fragment.value(i));
  if (__any_sync(kAll, most >= floor ? 1 : 0) == 0) return;

  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (scan.marks != nullptr) {
    if (lane == 0) set_bit(scan.marks, place.entry);
    return;
  }
  const DisjointSets<SharedMemory> sets{nodes};
  __syncwarp();  // others may still read what the last tile left
  for (int node = lane; node < kLocalNodes; node += 32) nodes[node] = node;
  __syncwarp();

  // Calls see(i, j, low, high) for those that are pairs and may reach the threshold.
  const auto visit_pairs = [&](const auto& see) {
    visit_from(fragment, floor, [&](int i, Product value) {
      const std::int64_t left = place.row_begin + fragment.row(i);
      const std::int64_t right = place.col_begin + fragment.col(i);
      if (left >= right || right >= rows.count || rows.norms[left] == 0 || rows.norms[right] == 0) return;
      const Interval interval = product_interval(static_cast<float>(value), static_cast<double>(rows.errors[left]),
                                                 static_cast<double>(rows.errors[right]), rows.precision);
      if (interval.high >= scan.threshold) see(i, left, right, interval);
    });
  };

  bool open = false;
  visit_pairs([&](int i, std::int64_t /*left*/, std::int64_t /*right*/, const Interval& interval) {
    if (interval.low >= scan.threshold) {
      sets.unite(fragment.row(i), static_cast<std::int32_t>(kTileRows) + fragment.col(i));
    } else {
      open = true;
    }
  });
  __syncwarp();
  const auto item = [&](std::int32_t node) {
    return static_cast<std::int32_t>(node < kTileRows ? place.row_begin + node : place.col_begin + (node - kTileRows));
  };
  for (std::int32_t node = lane; node < kLocalNodes; node += 32) {
    const std::int32_t root = sets.find(node);
    if (root != node) scan.parents.unite(item(node), item(root));
  }
  if (__any_sync(kAll, open ? 1 : 0) == 0) return;
  // What is sure has been united: less is left to be listed.
  visit_pairs([&](int /*i*/, std::int64_t left, std::int64_t right, const Interval& interval) {
    if (interval.low >= scan.threshold) return;
    if (scan.parents.find(static_cast<std::int32_t>(left)) == scan.parents.find(static_cast<std::int32_t>(right))) {
      return;
    }
    const unsigned long long at = atomicAdd(scan.list.count, 1ULL);
    if (at < scan.capacity) {
      scan.list.pairs[at] = {left, right, interval.low, interval.high};
    } else {
      set_bit(scan.redo, place.entry);
    }
  });
}

}  // namespace simile::cuda
