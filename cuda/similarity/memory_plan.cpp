// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/memory_plan.hpp"

#include <algorithm>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile::cuda {
namespace {

// Tiles along a block: a band of the tile plan, which passes by all columns before the next, is within one.
constexpr std::int64_t kTilesPerBlock = 8;

}  // namespace

std::int64_t scratch_bytes(const Cost& cost, std::int64_t rows, std::int64_t cols) {
  return cost.fixed_bytes + rows * cost.bytes_per_row + cols * cost.bytes_per_column +
         rows * cols * cost.bytes_per_pair;
}

std::int64_t slot_bytes(const Cost& cost, std::int64_t rows, std::int64_t cols) {
  return scratch_bytes(cost, rows, cols) + rows * cols * static_cast<std::int64_t>(sizeof(ScoredPair));
}

std::int64_t widest(const Cost& cost, std::int64_t rows, std::int64_t edge) {
  const std::int64_t of_column = slot_bytes(cost, rows, 1) - slot_bytes(cost, rows, 0);
  return (slot_bytes(cost, edge) - slot_bytes(cost, rows, 0)) / std::max<std::int64_t>(1, of_column);
}

MemoryPlan plan_memory(const Pairs& pairs, const Cost& cost, std::int64_t bytes_per_item, std::int64_t fixed_bytes,
                       std::int64_t budget_bytes) {
  const std::int64_t num_items = pairs.one_set() ? pairs.num_left() : pairs.num_left() + pairs.num_right();
  const std::int64_t longest = std::max<std::int64_t>(1, std::max(pairs.num_left(), pairs.num_right()));
  const std::int64_t budget = budget_bytes - fixed_bytes;
  const auto slots = [&](std::int64_t edge) { return kSlots * slot_bytes(cost, edge); };
  std::int64_t edge = std::max<std::int64_t>(1, cost.preferred_edge);
  // No larger than what there is to compare.
  while (edge / 2 >= longest) edge /= 2;
  for (; edge >= 1; edge /= 2) {
    if (slots(edge) > budget) continue;
    const std::int64_t left = budget - slots(edge);
    if (num_items * bytes_per_item <= left && (slots(edge) <= budget / 2 || edge == 1)) {
      return {edge, longest, true};
    }
    if (pairs.shape() == Pairs::Shape::list) continue;  // may name any item
    const std::int64_t unit = edge * kTilesPerBlock;
    const std::int64_t block_edge = left / (kHeldBlocks * std::max<std::int64_t>(1, bytes_per_item)) / unit * unit;
    if (block_edge >= unit && (slots(edge) <= budget / 2 || edge == 1)) return {edge, block_edge, false};
  }
  const std::int64_t items =
      pairs.shape() == Pairs::Shape::list ? num_items : std::min(num_items, kHeldBlocks * kTilesPerBlock);
  throw Error(
      ErrorCode::out_of_memory,
      concat("comparing on the GPU needs at least ", format_bytes(fixed_bytes + slots(1) + items * bytes_per_item),
             " there; ", format_bytes(std::max<std::int64_t>(0, budget_bytes)), " may be taken (raise --gpu-memory)"));
}

}  // namespace simile::cuda
