// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simile/similarity/metric.hpp"
#include "simile/similarity/pairs.hpp"

namespace simile::cuda {

/// Tiles that are worked on at once: one is scored while the host takes in the one before.
inline constexpr int kSlots = 2;
/// Blocks of a set of which the device holds a part: those of a tile's rows and columns, and the next ones of both.
inline constexpr int kHeldBlocks = 4;

/// Scratch of a listed pair, which comes as it was given, in the place of scores.
inline constexpr auto kListedPairBytes = static_cast<std::int64_t>(sizeof(IndexPair));

/// What a comparison holds on the device. Items are held by blocks of block_edge, a multiple of tile_edge; where all
/// fit, one block is a whole side.
struct MemoryPlan {
  std::int64_t tile_edge = 0;
  std::int64_t block_edge = 0;
  bool all_resident = false;
};

/// Scratch that the metric needs for a tile of rows x cols items.
std::int64_t scratch_bytes(const Cost& cost, std::int64_t rows, std::int64_t cols);
/// The same, and room for every pair: what a tile takes in a slot.
std::int64_t slot_bytes(const Cost& cost, std::int64_t rows, std::int64_t cols);
inline std::int64_t slot_bytes(const Cost& cost, std::int64_t edge) { return slot_bytes(cost, edge, edge); }
/// Columns of a tile of so many rows, at most `edge`, that takes no more than one of edge x edge: edge or more.
std::int64_t widest(const Cost& cost, std::int64_t rows, std::int64_t edge);

/// Tiles get at most half of the budget, items the rest. Tiles are halved until a few of them fit beside the items that
/// they need. `fixed_bytes` are taken in any case. Throws out_of_memory, naming the least budget, when a tile of one
/// pair does not fit.
MemoryPlan plan_memory(const Pairs& pairs, const Cost& cost, std::int64_t bytes_per_item, std::int64_t fixed_bytes,
                       std::int64_t budget_bytes);

}  // namespace simile::cuda
