// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/minhash.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "similarity/arithmetic/minhash.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/minhash.hpp"

namespace simile {
namespace {

constexpr std::int64_t kEdge = 512;  // its low bytes, 64 KiB a side, stay in the second level cache
static_assert(kMinhashLength == kMinhashPermutations);
constexpr double kAlikeToNothing = -std::numeric_limits<double>::infinity();

void check_length(const View<const std::uint32_t, 2>& signatures) {
  ensure(signatures.contiguous(), "minhash takes contiguous signatures");
  if (signatures.shape[1] != kMinhashLength) {
    throw Error(ErrorCode::invalid_argument,
                concat("minhash signatures of ", signatures.shape[1], " values; they have ", kMinhashLength));
  }
}

}  // namespace

MinhashMetric::MinhashMetric(View<const std::uint32_t, 2> signatures) : MinhashMetric(signatures, signatures) {}

MinhashMetric::MinhashMetric(View<const std::uint32_t, 2> left, View<const std::uint32_t, 2> right)
    : left_(left), right_(right), one_set_(left.data == right.data && left.shape == right.shape) {
  check_length(left);
  check_length(right);
  const std::int64_t rows = left.shape[0] + (one_set_ ? 0 : right.shape[0]);
  low_bytes_ = Array<std::uint8_t, 2>({rows, kMinhashLength});
  empty_.resize(static_cast<std::size_t>(rows));
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::uint32_t* const values = row < left.shape[0] ? left[row].data : right[row - left.shape[0]].data;
    std::transform(values, values + kMinhashLength, low_bytes_.data() + row * kMinhashLength,
                   [](std::uint32_t value) { return static_cast<std::uint8_t>(value); });
    empty_[static_cast<std::size_t>(row)] = static_cast<char>(
        std::all_of(values, values + kMinhashLength, [](std::uint32_t value) { return value == kNoMinimum; }));
  }
}

std::int64_t MinhashMetric::resident_bytes() const {
  return (left_.size() + (one_set_ ? 0 : right_.size())) * static_cast<std::int64_t>(sizeof(std::uint32_t)) +
         low_bytes_.size_bytes() + static_cast<std::int64_t>(empty_.size());
}

Cost MinhashMetric::cost() const {
  Cost cost;
  cost.preferred_edge = kEdge;
  cost.bytes_per_column = sizeof(std::uint32_t);
  cost.fixed_bytes = sizeof(std::uint32_t);
  return cost;
}

double MinhashMetric::exact(std::int64_t left, std::int64_t right) const {
  if (empty(left) || empty(right_begin() + right)) return kAlikeToNothing;
  return minhash_similarity(kernels().minhash_equal(left_[left].data, right_[right].data));
}

MetricItems MinhashMetric::items() const { return {SignatureItems{left_, right_}}; }

void MinhashMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                 std::vector<ScoredPair>& out) const {
  const Kernels& simd = kernels();
  // Floor and share are multiplied by a power of two: exactly. Nothing reaches a floor above 1.
  const double wanted = std::ceil(std::clamp(need.floor, -1.0, 2.0) * static_cast<double>(kMinhashLength));
  const auto least = static_cast<std::int64_t>(wanted);
  if (least > kMinhashLength) return;
  auto* const found = workspace.buffer<std::uint32_t>(0, tile.cols.size() + 1);
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const std::int64_t first = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin;
    const std::int64_t count = tile.cols.end - first;
    if (count <= 0) continue;
    const std::uint8_t* const bytes = low_bytes_.data() + row * kMinhashLength;
    const std::uint8_t* const others = low_bytes_.data() + (right_begin() + first) * kMinhashLength;
    const std::int64_t candidates = simd.minhash_candidates(bytes, others, count, least, found);
    for (std::int64_t k = 0; k < candidates; ++k) {
      const double similarity = exact(row, first + found[k]);
      if (similarity >= need.floor) out.push_back({row, first + found[k], similarity, similarity});
    }
  }
}

}  // namespace simile
