// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/tile.hpp"

#include <algorithm>

#include "simile/core/error.hpp"

namespace simile {
namespace {

// Rows of blocks that are walked together: the columns of a band are read once for all of them.
constexpr std::int64_t kBandBlocks = 8;

std::int64_t blocks(std::int64_t count, std::int64_t edge) { return (count + edge - 1) / edge; }

/// Blocks on or above the diagonal in the first `rows` of `total` rows of blocks.
std::int64_t upper_blocks(std::int64_t rows, std::int64_t total) { return rows * total - rows * (rows - 1) / 2; }

}  // namespace

std::int64_t Tile::count() const {
  if (!list.empty()) return static_cast<std::int64_t>(list.size());
  if (!upper) return rows.size() * cols.size();
  std::int64_t pairs = 0;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    pairs += std::max<std::int64_t>(0, cols.end - std::max(cols.begin, row + 1));
  }
  return pairs;
}

TilePlan::TilePlan(const Pairs& pairs, std::int64_t edge, std::int64_t list_length)
    : pairs_(pairs), edge_(edge), list_length_(list_length) {
  ensure(edge >= 1 && list_length >= 1, "a tile holds at least one pair");
  row_blocks_ = blocks(pairs.num_left(), edge);
  col_blocks_ = blocks(pairs.num_right(), edge);
  switch (pairs.shape()) {
    case Pairs::Shape::triangle:
      for (std::int64_t row = 0; row < row_blocks_; row += kBandBlocks) {
        band_begin_.push_back(upper_blocks(row, row_blocks_));
      }
      size_ = upper_blocks(row_blocks_, row_blocks_);
      break;
    case Pairs::Shape::rectangle:
      size_ = row_blocks_ * col_blocks_;
      break;
    case Pairs::Shape::list:
      size_ = blocks(pairs.count(), list_length);
      break;
  }
}

Range TilePlan::block(std::int64_t index, std::int64_t limit) const {
  return {index * edge_, std::min((index + 1) * edge_, limit)};
}

Tile TilePlan::operator[](std::int64_t k) const {
  Tile tile;
  if (pairs_.shape() == Pairs::Shape::list) {
    const std::int64_t begin = k * list_length_;
    const std::int64_t length = std::min(list_length_, pairs_.count() - begin);
    tile.list = pairs_.list().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(length));
    return tile;
  }
  std::int64_t row = 0;
  std::int64_t col = 0;
  if (pairs_.shape() == Pairs::Shape::rectangle) {
    const std::int64_t band = k / (kBandBlocks * col_blocks_);
    const std::int64_t height = std::min(kBandBlocks, row_blocks_ - band * kBandBlocks);
    const std::int64_t within = k - band * kBandBlocks * col_blocks_;
    row = band * kBandBlocks + within % height;
    col = within / height;
  } else {
    const auto next = std::upper_bound(band_begin_.begin(), band_begin_.end(), k);
    const std::int64_t band = (next - band_begin_.begin()) - 1;
    const std::int64_t first_row = band * kBandBlocks;
    const std::int64_t height = std::min(kBandBlocks, row_blocks_ - first_row);
    std::int64_t within = k - band_begin_[static_cast<std::size_t>(band)];
    // Column first_row + c of the band holds c + 1 blocks while c < height, then `height`.
    const std::int64_t corner = height * (height + 1) / 2;
    if (within < corner) {
      std::int64_t offset = 0;
      while (within > offset) within -= ++offset;
      col = first_row + offset;
      row = first_row + within;
    } else {
      within -= corner;
      col = first_row + height + within / height;
      row = first_row + within % height;
    }
  }
  tile.rows = block(row, pairs_.num_left());
  tile.cols = block(col, pairs_.num_right());
  tile.upper = pairs_.shape() == Pairs::Shape::triangle && row == col;
  return tile;
}

std::vector<Tile> split_at(const Tile& tile, std::int64_t row, std::int64_t col) {
  std::vector<Tile> parts;
  for (const auto& rows : {Range{tile.rows.begin, row}, Range{row, tile.rows.end}}) {
    for (const auto& cols : {Range{tile.cols.begin, col}, Range{col, tile.cols.end}}) {
      const Tile part{rows, cols, tile.upper && rows.end > cols.begin, {}};
      if (part.count() > 0) parts.push_back(part);
    }
  }
  return parts;
}

std::vector<Tile> split(const Tile& tile) {
  if (tile.count() <= 1) return {tile};
  if (!tile.list.empty()) {
    std::vector<Tile> parts;
    const std::size_t half = tile.list.size() / 2;
    for (const auto list : {tile.list.first(half), tile.list.subspan(half)}) {
      Tile part;
      part.list = list;
      parts.push_back(part);
    }
    return parts;
  }
  const auto middle = [](const Range& range) { return range.begin + (range.size() + 1) / 2; };
  return split_at(tile, middle(tile.rows), middle(tile.cols));
}

}  // namespace simile
