// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/hamming.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "similarity/arithmetic/hamming.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kEdge = 512;
constexpr std::int64_t kMaxBits = 1 << 30;

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

/// Most differing bits with which two codes still reach `floor`; -1 when even equal codes do not. By the definition's
/// own rounding: similarity falls as the distance grows.
std::int64_t max_distance(std::int64_t bits, double floor) {
  std::int64_t reached = -1;
  std::int64_t missed = bits + 1;
  while (missed - reached > 1) {
    const std::int64_t middle = reached + (missed - reached) / 2;
    (hamming_similarity(bits, middle) >= floor ? reached : missed) = middle;
  }
  return reached;
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
  words_ = Array<std::uint64_t, 2>({num_left_ + num_right_, words_per_code_});
  const auto fill = [&](const View<const std::uint8_t, 2>& codes, std::int64_t first) {
    for (std::int64_t item = 0; item < codes.shape[0]; ++item) {
      std::memcpy(words_.data() + (first + item) * words_per_code_, codes[item].data,
                  static_cast<std::size_t>(codes.shape[1]));
    }
  };
  fill(left, 0);
  fill(right, right_begin_);
}

Cost HammingMetric::cost() const {
  Cost cost;
  cost.preferred_edge = kEdge;
  cost.bytes_per_column = sizeof(std::uint32_t);
  return cost;
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
  const std::int64_t reach = max_distance(bits_, need.floor);
  if (reach < 0) return;
  const Kernels& simd = kernels();
  auto* const distances = workspace.buffer<std::uint32_t>(0, tile.cols.size());
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

}  // namespace simile
