// SPDX-License-Identifier: Apache-2.0
#include "similarity/hamming_order.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <numeric>

#include "similarity/simd/kernels.hpp"

namespace simile {
namespace {

constexpr std::int64_t kSample = 1024;
constexpr std::int64_t kMostChosen = 16 * kSliceBits;  // moving a bit costs time for every code

/// How far each bit is from being set in half of the sampled codes.
std::vector<std::int64_t> imbalance(const std::uint64_t* codes, std::int64_t count, std::int64_t words,
                                    std::int64_t bits) {
  const std::int64_t step = std::max<std::int64_t>(1, count / kSample);
  std::vector<std::int64_t> excess(static_cast<std::size_t>(bits));
  for (std::int64_t code = 0; code < count; code += step) {
    for (std::int64_t bit = 0; bit < bits; ++bit) {
      const bool set = (codes[code * words + bit / 64] >> bit % 64 & 1) != 0;
      excess[static_cast<std::size_t>(bit)] += set ? 1 : -1;
    }
  }
  for (auto& value : excess) value = std::abs(value);
  return excess;
}

}  // namespace

BitOrder::BitOrder(const std::uint64_t* codes, std::int64_t count, std::int64_t words, std::int64_t bits)
    : kept_(static_cast<std::size_t>(words), ~std::uint64_t{0}) {
  const auto excess = imbalance(codes, count, words, bits);
  std::vector<std::int64_t> best(static_cast<std::size_t>(bits));
  std::iota(best.begin(), best.end(), 0);
  std::sort(best.begin(), best.end(), [&](std::int64_t a, std::int64_t b) {
    const auto excess_a = excess[static_cast<std::size_t>(a)];
    const auto excess_b = excess[static_cast<std::size_t>(b)];
    return excess_a != excess_b ? excess_a < excess_b : a < b;
  });

  // Swaps bring the best bits to the places that slices look at, first slice first.
  std::vector<std::int64_t> at(static_cast<std::size_t>(bits));  // the bit that place p holds
  std::iota(at.begin(), at.end(), 0);
  std::vector<std::int64_t> place = at;  // where bit b is
  std::int64_t chosen = 0;
  for (std::int64_t p = 0; p < bits && chosen < kMostChosen; ++p) {
    if (p % 32 >= kSliceBits) continue;
    const std::int64_t bit = best[static_cast<std::size_t>(chosen++)];
    const std::int64_t displaced = at[static_cast<std::size_t>(p)];
    const std::int64_t vacated = place[static_cast<std::size_t>(bit)];
    std::swap(at[static_cast<std::size_t>(p)], at[static_cast<std::size_t>(vacated)]);
    place[static_cast<std::size_t>(bit)] = p;
    place[static_cast<std::size_t>(displaced)] = vacated;
  }
  for (std::int64_t p = 0; p < bits; ++p) {
    const std::int64_t from = at[static_cast<std::size_t>(p)];
    if (from == p) continue;
    moves_.push_back({from, p});
    kept_[static_cast<std::size_t>(p / 64)] &= ~(std::uint64_t{1} << p % 64);
  }
}

void BitOrder::apply(const std::uint64_t* code, std::uint64_t* reordered) const {
  for (std::size_t word = 0; word < kept_.size(); ++word) reordered[word] = code[word] & kept_[word];
  for (const auto& [from, to] : moves_) reordered[to / 64] |= (code[from / 64] >> from % 64 & 1) << to % 64;
}

}  // namespace simile
