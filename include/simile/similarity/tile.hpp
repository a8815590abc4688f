// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simile/similarity/pairs.hpp"

namespace simile {

/// Indices begin .. end - 1.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

/// A part of the pairs that is scored at once: the block rows x cols (only i < j where `upper`), or, when the shape is
/// a list, a stretch of it.
struct Tile {
  Range rows;
  Range cols;
  bool upper = false;  ///< the block lies on the diagonal of a triangle
  std::span<const IndexPair> list;

  std::int64_t count() const;
};

/// How the pairs are cut into tiles: every pair lies in exactly one. Tile k is computed from k alone, so a plan of a
/// trillion pairs takes a few kilobytes. The order keeps a band of rows in the cache while columns pass by.
class TilePlan {
 public:
  /// Blocks of `edge` x `edge` items; lists are cut into stretches of `list_length`. Both >= 1.
  TilePlan(const Pairs& pairs, std::int64_t edge, std::int64_t list_length);

  std::int64_t size() const { return size_; }
  /// Tile k, 0 <= k < size().
  Tile operator[](std::int64_t k) const;

 private:
  Range block(std::int64_t index, std::int64_t limit) const;

  Pairs pairs_;
  std::int64_t edge_;
  std::int64_t list_length_;
  std::int64_t row_blocks_ = 0;
  std::int64_t col_blocks_ = 0;
  std::vector<std::int64_t> band_begin_;  // triangle: tiles before each band of rows
  std::int64_t size_ = 0;
};

/// The parts of a block before and from the given row and column on, that together hold the same pairs; empty ones are
/// left out.
std::vector<Tile> split_at(const Tile& tile, std::int64_t row, std::int64_t col);

/// The four quarters of a block, or the two halves of a list stretch, that together hold the same pairs; empty ones are
/// left out. A tile of one pair gives itself.
std::vector<Tile> split(const Tile& tile);

}  // namespace simile
