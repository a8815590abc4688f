// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/hamming.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "similarity/arithmetic/hamming.hpp"
#include "similarity/hamming_order.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

// Searching by pieces costs by rows and columns, so it gains with the edge; larger ones would leave threads without
// work.
constexpr std::int64_t kEdge = 4096;
constexpr std::int64_t kMaxBits = 1 << 30;
constexpr std::int64_t kMaxSlices = 64;
constexpr std::int64_t kMaxReach = 8191;  // of Kernels::near_codes
constexpr std::int64_t kRowsAtOnce = 64;  // keeps what is found in the second level cache

// In units of what a slice costs a pair (0.1 ns with AVX2): putting a code into a bucket or looking one up there, and
// comparing two codes of a bucket.
constexpr double kLookUp = 40;
constexpr double kCompare = 30;
// Pairs with an equal piece, for one that slices would have to look at: more are not looked at.
constexpr std::int64_t kPairsPerCandidate = 64;
constexpr std::int64_t kMaxFound = 1 << 15;  // by pieces in one tile

enum Slot : std::size_t { slice_slot, found_slot, distance_slot, heads_slot, next_slot };

std::int64_t words_for(std::int64_t bits) { return (bits + 63) / 64; }

void check_codes(const View<const std::uint8_t, 2>& codes, std::int64_t bits) {
  if (bits < 1 || bits > kMaxBits || codes.shape[1] != (bits + 7) / 8) {
    throw Error(ErrorCode::invalid_argument,
                concat("codes of ", codes.shape[1], " bytes cannot hold exactly ", bits, " bits"));
  }
  // Bits after the last one would count as differing. Most significant first: they are the low ones of the last byte.
  const auto padding = static_cast<std::uint8_t>(0xff >> ((bits - 1) % 8 + 1));
  for (std::int64_t row = 0; row < codes.shape[0]; ++row) {
    if ((codes(row, codes.shape[1] - 1) & padding) != 0) {
      throw Error(ErrorCode::invalid_argument, concat("code ", row, " has bits beyond its ", bits));
    }
  }
}

/// Slices there are of codes of `bits` bits; a code's last half word may be empty.
std::int64_t available_slices(std::int64_t bits) { return std::min(kMaxSlices, (bits + 31) / 32); }

/// Slices to look at: as many as leave about one in 10,000 pairs of random codes, which differ in half of the bits.
/// 0 when slices would decide too little.
std::int64_t useful_slices(std::int64_t bits, std::int64_t reach) {
  const std::int64_t available = available_slices(bits);
  const auto examined = static_cast<double>(std::min(bits, available * kSliceBits));
  if (reach > kMaxReach || static_cast<double>(reach) > 0.45 * examined) return 0;
  std::int64_t slices = 1;
  for (; slices < available; ++slices) {
    const double half = 0.5 * static_cast<double>(slices * kSliceBits);
    if (half - 3.7 * std::sqrt(0.5 * half) > static_cast<double>(reach)) break;
  }
  return slices;
}

/// Bits of codes as bytes, all of which may differ by their place (BitOrder).
std::int64_t stored_bits(std::int64_t bits) { return (bits + 7) / 8 * 8; }

/// Whether pieces promise to cost less than slices, if codes were random.
bool pieces_pay(const Tile& tile, std::int64_t bits, std::int64_t reach, std::int64_t slices) {
  const auto pieces = static_cast<double>(reach + 1);
  const double width = std::min(std::log2(static_cast<double>(kPieceValues)), static_cast<double>(bits) / pieces);
  const auto pairs = static_cast<double>(tile.count());
  const auto codes = static_cast<double>(tile.rows.size() + tile.cols.size());
  return kLookUp * codes * pieces + kCompare * pairs * pieces * std::exp2(-width) < pairs * static_cast<double>(slices);
}

}  // namespace

HammingMetric::HammingMetric(View<const std::uint8_t, 2> codes, std::int64_t bits)
    : HammingMetric(codes, View<const std::uint8_t, 2>(codes.data, {0, codes.shape[1]}), bits) {
  num_right_ = num_left_;
  right_begin_ = 0;
}

HammingMetric::HammingMetric(View<const std::uint8_t, 2> left, View<const std::uint8_t, 2> right, std::int64_t bits)
    : bits_(bits),
      num_left_(left.shape[0]),
      num_right_(right.shape[0]),
      right_begin_(left.shape[0]),
      words_per_code_(words_for(bits)) {
  check_codes(left, bits);
  check_codes(right, bits);
  const std::int64_t num_codes = num_left_ + num_right_;
  words_ = Array<std::uint64_t, 2>({num_codes, words_per_code_});
  const auto fill = [&](const View<const std::uint8_t, 2>& codes, std::int64_t first) {
    for (std::int64_t item = 0; item < codes.shape[0]; ++item) {
      std::memcpy(words_.data() + (first + item) * words_per_code_, codes[item].data,
                  static_cast<std::size_t>(codes.shape[1]));
    }
  };
  fill(left, 0);
  fill(right, right_begin_);
  const BitOrder order(words_.data(), num_codes, words_per_code_, left.shape[1] * 8);
  std::vector<std::uint64_t> given(static_cast<std::size_t>(words_per_code_));
  for (std::int64_t code = 0; code < num_codes; ++code) {
    std::uint64_t* const words = words_.data() + code * words_per_code_;
    std::copy_n(words, words_per_code_, given.data());
    order.apply(given.data(), words);
  }
}

Cost HammingMetric::cost() const {
  const Kernels& simd = kernels();
  Cost cost;
  cost.preferred_edge = kEdge;
  cost.bytes_per_column = 2 * sizeof(std::uint32_t);
  cost.fixed_bytes = kPieceValues * static_cast<std::int64_t>(sizeof(std::int32_t)) +
                     kMaxFound * static_cast<std::int64_t>(sizeof(NearCodes)) +
                     available_slices(bits_) * simd.slice_words * static_cast<std::int64_t>(sizeof(std::uint32_t)) +
                     (kRowsAtOnce * simd.block_codes + 1) * static_cast<std::int64_t>(sizeof(NearCodes));
  return cost;
}

MetricItems HammingMetric::items() const {
  return {
      CodeItems{bits_, {left_code(0), {num_left_, words_per_code_}}, {right_code(0), {num_right_, words_per_code_}}}};
}

double HammingMetric::exact(std::int64_t left, std::int64_t right) const {
  const std::uint64_t* const x = left_code(left);
  const std::uint64_t* const y = right_code(right);
  std::int64_t differing = 0;
  for (std::int64_t word = 0; word < words_per_code_; ++word) differing += std::popcount(x[word] ^ y[word]);
  return hamming_similarity(bits_, differing);
}

void HammingMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                 std::vector<ScoredPair>& out) const {
  const std::int64_t reach = hamming_reach(bits_, need.floor);
  if (reach < 0) return;
  const std::int64_t slices = useful_slices(bits_, reach);
  if (slices == 0) {
    count_all(tile, reach, workspace, out);
  } else if (!count_by_pieces(tile, reach, slices, workspace, out)) {
    count_slices(tile, reach, slices, workspace, out);
  }
}

void HammingMetric::count_all(const Tile& tile, std::int64_t reach, Workspace& workspace,
                              std::vector<ScoredPair>& out) const {
  const Kernels& simd = kernels();
  auto* const distances = workspace.buffer<std::uint32_t>(distance_slot, tile.cols.size());
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const std::int64_t first = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin;
    const std::int64_t count = tile.cols.end - first;
    if (count <= 0) continue;
    simd.hamming(left_code(row), right_code(first), words_per_code_, count, distances);
    for (std::int64_t k = 0; k < count; ++k) {
      if (distances[k] > reach) continue;
      const double similarity = hamming_similarity(bits_, distances[k]);
      out.push_back({row, first + k, similarity, similarity});
    }
  }
}

bool HammingMetric::count_by_pieces(const Tile& tile, std::int64_t reach, std::int64_t slices, Workspace& workspace,
                                    std::vector<ScoredPair>& out) const {
  if (!pieces_pay(tile, bits_, reach, slices)) return false;
  auto* const found = workspace.buffer<NearCodes>(found_slot, kMaxFound);
  const PieceSearch search{left_code(tile.rows.begin),
                           tile.rows.size(),
                           right_code(tile.cols.begin),
                           tile.cols.size(),
                           words_per_code_,
                           stored_bits(bits_),
                           reach,
                           tile.upper ? tile.rows.begin - tile.cols.begin : -tile.rows.size(),
                           tile.count() * slices / kPairsPerCandidate,
                           kMaxFound,
                           workspace.buffer<std::int32_t>(heads_slot, kPieceValues),
                           workspace.buffer<std::int32_t>(next_slot, tile.cols.size())};
  const std::int64_t count = kernels().near_codes_by_pieces(search, found);
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t left = tile.rows.begin + found[k].row;
    const std::int64_t right = tile.cols.begin + found[k].column;
    const double similarity = hamming_similarity(bits_, found[k].distance);
    out.push_back({left, right, similarity, similarity});
  }
  return count >= 0;
}

void HammingMetric::count_slices(const Tile& tile, std::int64_t reach, std::int64_t slices, Workspace& workspace,
                                 std::vector<ScoredPair>& out) const {
  const Kernels& simd = kernels();
  auto* const slice_bits = workspace.buffer<std::uint32_t>(slice_slot, slices * simd.slice_words);
  auto* const found = workspace.buffer<NearCodes>(found_slot, kRowsAtOnce * simd.block_codes + 1);
  for (std::int64_t col = tile.cols.begin; col < tile.cols.end; col += simd.block_codes) {
    const std::int64_t num_cols = std::min(simd.block_codes, tile.cols.end - col);
    simd.slice_codes(right_code(col), words_per_code_, num_cols, slices, slice_bits);
    const CodeBlock block{right_code(col), words_per_code_, num_cols, slice_bits, slices};
    const std::int64_t rows_end = tile.upper ? std::min(tile.rows.end, col + num_cols - 1) : tile.rows.end;
    for (std::int64_t row = tile.rows.begin; row < rows_end; row += kRowsAtOnce) {
      const std::int64_t num_rows = std::min(kRowsAtOnce, rows_end - row);
      const std::int64_t count = simd.near_codes(block, left_code(row), num_rows, reach, found);
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int64_t left = row + found[k].row;
        const std::int64_t right = col + found[k].column;
        if (tile.upper && right <= left) continue;
        const double similarity = hamming_similarity(bits_, found[k].distance);
        out.push_back({left, right, similarity, similarity});
      }
    }
  }
}

}  // namespace simile
