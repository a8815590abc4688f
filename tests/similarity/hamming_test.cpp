// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/hamming.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <ostream>
#include <span>
#include <utility>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/hamming_order.hpp"
#include "similarity/intervals.hpp"
#include "similarity/simd/kernels.hpp"
#include "support/oracle.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

/// Codes at every distance: each differs from the one before in one more bit, with all 0 and all 1 among them.
Array<std::uint8_t, 2> codes_of(std::int64_t count, std::int64_t bits, std::uint64_t seed) {
  Array<std::uint8_t, 2> codes({count, (bits + 7) / 8});
  Random random(seed);
  for (std::int64_t row = 1; row < count; ++row) {
    for (std::int64_t bit = 0; bit < bits; ++bit) {
      const bool set = row == 1 || random.below(static_cast<std::uint64_t>(count)) < static_cast<std::uint64_t>(row);
      if (set) codes.view()(row, bit / 8) |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
  }
  return codes;
}

class HammingOf : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Bits, HammingOf, testing::Values(1, 7, 8, 9, 63, 64, 65, 127, 128, 256, 4096),
                         testing::PrintToStringParamName());

TEST_P(HammingOf, EqualsTheOracle) {
  const auto codes = codes_of(23, GetParam(), 1);
  const HammingMetric metric(codes.view(), GetParam());
  const auto row = [&](std::int64_t k) {
    return std::span<const std::uint8_t>(codes.data() + k * codes.shape(1), static_cast<std::size_t>(codes.shape(1)));
  };
  for (std::int64_t i = 0; i < 23; ++i) {
    for (std::int64_t j = 0; j < 23; ++j) {
      ASSERT_EQ(metric.exact(i, j), oracle_hamming(row(i), row(j), GetParam())) << i << ", " << j;
    }
    EXPECT_EQ(metric.exact(i, i), 1.0);
  }
  EXPECT_EQ(metric.exact(0, 1), 0.0);
}

TEST_P(HammingOf, ScreensExactlyAtEveryLevel) {
  const auto codes = codes_of(23, GetParam(), 2);
  const HammingMetric metric(codes.view(), GetParam());
  check_exact_everywhere(metric, true);
  IntervalUse use;
  check_intervals(metric, use);
  EXPECT_EQ(use.worst, 0);
  check_floors(metric);
}

TEST(Hamming, ReportsNothingBelowTheFloor) {
  const auto codes = codes_of(40, 64, 3);
  const HammingMetric metric(codes.view(), 64);
  Tile tile;
  tile.rows = tile.cols = {0, 40};
  for (std::int64_t differing = 0; differing <= 64; ++differing) {
    const double floor = static_cast<double>(64 - differing) / 64;
    Workspace workspace(kPlentyOfMemory);
    std::vector<ScoredPair> scored;
    metric.screen(tile, {.floor = floor}, workspace, scored);
    for (const auto& pair : scored) ASSERT_GE(pair.low, floor);
  }
}

/// Codes in pairs: the second of each differs from the first in a number of bits around `reach`, anywhere.
Array<std::uint8_t, 2> planted_codes(std::int64_t count, std::int64_t bits, std::int64_t reach, std::uint64_t seed) {
  Array<std::uint8_t, 2> codes({count, bits / 8});
  Random random(seed);
  for (std::int64_t row = 0; row < count; ++row) {
    for (std::int64_t byte = 0; byte < bits / 8; ++byte) {
      codes.view()(row, byte) =
          row % 2 == 1 ? codes.view()(row - 1, byte) : static_cast<std::uint8_t>(random.below(256));
    }
    if (row % 2 == 0) continue;
    const std::int64_t differing = std::clamp<std::int64_t>(reach - 1 + row / 2 % 4, 0, bits);
    for (const auto bit : sample_without_replacement(bits, differing, random.next())) {
      codes.view()(row, bit / 8) ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
  }
  return codes;
}

std::vector<Edge> sorted_edges(const HammingMetric& metric, const Tile& tile, double floor) {
  Workspace workspace(kPlentyOfMemory);
  std::vector<ScoredPair> scored;
  metric.screen(tile, {.floor = floor}, workspace, scored);
  std::vector<Edge> edges;
  for (const auto& pair : scored) {
    EXPECT_EQ(pair.low, pair.high);
    edges.push_back({pair.left, pair.right, pair.low});
  }
  std::sort(edges.begin(), edges.end(),
            [](const Edge& a, const Edge& b) { return std::pair(a.left, a.right) < std::pair(b.left, b.right); });
  return edges;
}

struct Border {
  std::int64_t bits;
  std::int64_t reach;
  friend void PrintTo(const Border& value, std::ostream* out) { *out << value.bits << "_bits_" << value.reach; }
};

class HammingBorder : public testing::TestWithParam<Border> {};
// Reaches on both sides of every width of the counters, of every number of slices, and of what slices can decide.
INSTANTIATE_TEST_SUITE_P(Reaches, HammingBorder,
                         testing::Values(Border{24, 0}, Border{24, 7}, Border{64, 0}, Border{64, 5}, Border{64, 7},
                                         Border{64, 8}, Border{64, 15}, Border{64, 16}, Border{64, 27}, Border{64, 40},
                                         Border{256, 5}, Border{256, 15}, Border{256, 31}, Border{256, 32},
                                         Border{256, 100}, Border{256, 200}, Border{4096, 32}, Border{4096, 511},
                                         Border{4096, 512}, Border{4096, 800}, Border{32768, 8191},
                                         Border{32768, 8192}),
                         testing::PrintToStringParamName());

TEST_P(HammingBorder, FindsExactlyThePairsWithinReachAtEveryLevel) {
  const auto [bits, reach] = GetParam();
  // More than a block of the widest level; long codes, fewer.
  const std::int64_t count = bits > 4096 ? 40 : 530;
  const auto codes = planted_codes(count, bits, reach, 5);
  const HammingMetric metric(codes.view(), bits);
  const double floor = static_cast<double>(bits - reach) / static_cast<double>(bits);
  Tile square;
  square.rows = {3, count};
  square.cols = {1, count - 1};
  Tile upper;
  upper.rows = upper.cols = {0, count};
  upper.upper = true;
  for (const Tile& tile : {square, upper}) {
    std::vector<Edge> expected;
    for (std::int64_t i = tile.rows.begin; i < tile.rows.end; ++i) {
      for (std::int64_t j = tile.upper ? i + 1 : tile.cols.begin; j < tile.cols.end; ++j) {
        const double similarity = metric.exact(i, j);
        if (similarity >= floor) expected.push_back({i, j, similarity});
      }
    }
    ASSERT_FALSE(expected.empty());
    const SimdScope scope;
    for (const SimdLevel level : supported_simd_levels()) {
      set_simd_level(level);
      ASSERT_EQ(sorted_edges(metric, tile, floor), expected) << to_string(level);
    }
  }
}

/// What near_codes_by_pieces finds among the codes: rows before `split`, columns from `split` on, or all and all.
std::vector<Edge> found_by_pieces(const std::vector<std::uint64_t>& codes, std::int64_t words, PieceSearch search,
                                  std::int64_t max_candidates, std::size_t max_found = 1 << 16) {
  std::vector<std::int32_t> heads(kPieceValues);
  std::vector<std::int32_t> next(static_cast<std::size_t>(search.num_columns));
  std::vector<NearCodes> found(max_found);
  search.rows = codes.data();
  search.columns = codes.data();
  search.words = words;
  search.max_candidates = max_candidates;
  search.max_found = std::ssize(found);
  search.heads = heads.data();
  search.next = next.data();
  const std::int64_t count = kernels().near_codes_by_pieces(search, found.data());
  std::vector<Edge> edges;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto& [row, column, distance] = found[static_cast<std::size_t>(k)];
    edges.push_back({row, column, static_cast<double>(distance)});
  }
  if (count < 0) edges.push_back({-1, -1, -1});
  std::sort(edges.begin(), edges.end(),
            [](const Edge& a, const Edge& b) { return std::pair(a.left, a.right) < std::pair(b.left, b.right); });
  return edges;
}

class HammingPieces : public testing::TestWithParam<Border> {};
// One piece and many; pieces that go on in the next word; wider and narrower than what is looked at.
INSTANTIATE_TEST_SUITE_P(Reaches, HammingPieces,
                         testing::Values(Border{64, 0}, Border{64, 1}, Border{64, 5}, Border{64, 20}, Border{72, 4},
                                         Border{200, 12}, Border{256, 20}, Border{256, 60}, Border{1024, 30}),
                         testing::PrintToStringParamName());

TEST_P(HammingPieces, FindEveryNearPairOnceAtEveryLevel) {
  const auto [bits, reach] = GetParam();
  constexpr std::int64_t kCodes = 160;
  const auto bytes = planted_codes(kCodes, bits, reach, 8);
  const std::int64_t words = (bits + 63) / 64;
  std::vector<std::uint64_t> codes(static_cast<std::size_t>(kCodes * words));
  for (std::int64_t k = 0; k < kCodes; ++k) {
    std::copy_n(bytes.data() + k * bits / 8, bits / 8, reinterpret_cast<std::uint8_t*>(&codes[k * words]));
  }
  const SimdScope scope;
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    for (const std::int64_t diagonal : {-kCodes, -7L, 0L, 9L}) {
      std::vector<Edge> expected;
      for (std::int64_t i = 0; i < kCodes; ++i) {
        for (std::int64_t j = std::max<std::int64_t>(0, i + diagonal + 1); j < kCodes; ++j) {
          int distance = 0;
          for (std::int64_t w = 0; w < words; ++w) {
            distance += std::popcount(codes[static_cast<std::size_t>(i * words + w)] ^
                                      codes[static_cast<std::size_t>(j * words + w)]);
          }
          if (distance <= reach) expected.push_back({i, j, static_cast<double>(distance)});
        }
      }
      PieceSearch search{};
      search.num_rows = search.num_columns = kCodes;
      search.code_bits = bits;
      search.reach = reach;
      search.diagonal = diagonal;
      ASSERT_EQ(found_by_pieces(codes, words, search, kCodes * kCodes * (reach + 1)), expected)
          << to_string(level) << ", diagonal " << diagonal;
      EXPECT_EQ(found_by_pieces(codes, words, search, 3).front().left, -1) << "too many candidates";
      if (expected.size() <= 3) continue;
      EXPECT_EQ(found_by_pieces(codes, words, search, 1 << 20, 3).front().left, -1) << "too many pairs";
    }
  }
}

// Tiles large enough for pieces to pay; and equal codes, of which every pair is a candidate.
TEST(Hamming, FindsTheSamePairsInLargeTiles) {
  for (const auto& [bits, reach] : {Border{64, 5}, Border{256, 12}}) {
    for (const bool equal : {false, true}) {
      constexpr std::int64_t kCodes = 2100;
      auto codes = planted_codes(kCodes, bits, reach, 9);
      if (equal) std::fill_n(codes.data() + kCodes / 2 * bits / 8, kCodes / 4 * bits / 8, std::uint8_t{0x5a});
      const HammingMetric metric(codes.view(), bits);
      const double floor = static_cast<double>(bits - reach) / static_cast<double>(bits);
      Engine engine;
      const auto pairs = Pairs::triangle(kCodes);
      EXPECT_EQ(edges_of(engine, pairs, metric, floor), expected_edges(pairs, metric, floor)) << bits << ", " << equal;
    }
  }
}

// The order of the bits, which the metric chooses by these codes, must not change a distance.
TEST(Hamming, IsTheSameForCodesThatDifferInTheirLastBitsOnly) {
  constexpr std::int64_t kBits = 203;
  auto codes = codes_of(70, kBits, 6);
  for (std::int64_t row = 0; row < 70; ++row) {
    for (std::int64_t byte = 0; byte < 22; ++byte) codes.view()(row, byte) = static_cast<std::uint8_t>(37 * byte);
  }
  const HammingMetric metric(codes.view(), kBits);
  const auto row = [&](std::int64_t k) {
    return std::span<const std::uint8_t>(codes.data() + k * codes.shape(1), static_cast<std::size_t>(codes.shape(1)));
  };
  for (std::int64_t i = 0; i < 70; ++i) {
    for (std::int64_t j = 0; j < 70; ++j) {
      ASSERT_EQ(metric.exact(i, j), oracle_hamming(row(i), row(j), kBits)) << i << ", " << j;
    }
  }
  check_floors(metric);
}

TEST(BitOrder, BringsTheBitsThatTellCodesApartToTheFront) {
  // Only 40 bits vary, all near the end; of these every second is set in a quarter of the codes only.
  constexpr std::int64_t kBits = 192;
  constexpr std::int64_t kWords = 3;
  constexpr std::int64_t kCodes = 64;
  std::vector<std::uint64_t> codes(kCodes * kWords, 0x0123456789abcdefULL);
  Random random(7);
  for (std::size_t code = 0; code < kCodes; ++code) {
    for (int bit = 0; bit < 40; ++bit) {
      const bool set = random.below(bit % 2 == 0 ? 2 : 4) == 0;
      std::uint64_t& word = codes[code * kWords + 2];
      word = (word & ~(1ULL << (20 + bit))) | static_cast<std::uint64_t>(set) << (20 + bit);
    }
  }
  const BitOrder order(codes.data(), kCodes, kWords, kBits);
  std::vector<std::uint64_t> reordered(codes.size());
  for (std::size_t code = 0; code < kCodes; ++code) order.apply(&codes[code * kWords], &reordered[code * kWords]);
  const auto differing = [&](const std::vector<std::uint64_t>& all, std::size_t i, std::size_t j, std::uint64_t mask) {
    int count = std::popcount((all[i * kWords] ^ all[j * kWords]) & mask);
    if (mask != ~0ULL) return count;
    for (std::size_t word = 1; word < kWords; ++word) {
      count += std::popcount(all[i * kWords + word] ^ all[j * kWords + word]);
    }
    return count;
  };
  constexpr std::uint64_t kFirstSlice = (1ULL << 30) - 1;
  double in_first = 0;
  for (std::size_t i = 0; i < kCodes; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      ASSERT_EQ(differing(reordered, i, j, ~0ULL), differing(codes, i, j, ~0ULL));
      in_first += differing(reordered, i, j, kFirstSlice);
    }
  }
  // 20 bits that differ in half of the pairs and 10 that differ in 3 of 8.
  EXPECT_NEAR(in_first / (kCodes * (kCodes - 1) / 2.0), 13.75, 0.7);
}

TEST(Hamming, ComparesTwoSetsAsOne) {
  const auto codes = codes_of(30, 100, 4);
  const auto left = codes.view();
  auto right = left;
  right.data += 11 * right.stride[0];
  right.shape[0] -= 11;
  const HammingMetric one(left, 100);
  const HammingMetric two(left, right, 100);
  EXPECT_EQ(one.num_right(), 30);
  EXPECT_EQ(two.num_right(), 19);
  for (std::int64_t i = 0; i < 30; ++i) {
    for (std::int64_t j = 0; j < 19; ++j) ASSERT_EQ(two.exact(i, j), one.exact(i, j + 11));
  }
  IntervalUse use;
  check_intervals(two, use);
}

TEST(Hamming, RefusesLengthsThatDoNotFit) {
  const Array<std::uint8_t, 2> codes({3, 8});
  for (const std::int64_t bits : {0LL, -8LL, 56LL, 65LL, 1LL << 40}) {
    expect_error(ErrorCode::invalid_argument, "codes of 8 bytes cannot hold",
                 [&] { HammingMetric(codes.view(), bits); });
  }
  EXPECT_NO_THROW(HammingMetric(codes.view(), 57));
  const Array<std::uint8_t, 2> other({3, 7});
  expect_error(ErrorCode::invalid_argument, "codes of 7 bytes", [&] { HammingMetric(codes.view(), other.view(), 64); });
}

// Bits beyond the last would count as differing: 0 similar bits of 5 could come out as -3.
TEST(Hamming, RefusesBitsAfterTheLastOne) {
  for (int bit = 0; bit < 8; ++bit) {
    Array<std::uint8_t, 2> codes({3, 2});
    codes.view()(1, 1) = static_cast<std::uint8_t>(0x80 >> bit);
    if (bit < 5) {
      EXPECT_NO_THROW(HammingMetric(codes.view(), 13));
    } else {
      expect_error(ErrorCode::invalid_argument, "code 1 has bits beyond its 13",
                   [&] { HammingMetric(codes.view(), 13); });
    }
  }
}

}  // namespace
}  // namespace simile
