// SPDX-License-Identifier: Apache-2.0
#include "similarity/byte_screen.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "similarity/hard_vectors.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"

namespace simile {
namespace {

std::span<const float> row_of(const Array<float, 2>& rows, std::int64_t row) {
  return {rows.data() + row * rows.shape(1), static_cast<std::size_t>(rows.shape(1))};
}

long double product_of(std::span<const float> x, std::span<const float> y) {
  long double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += static_cast<long double>(x[k]) * y[k];
  return sum;
}

std::vector<double> squared_norms_of(const Array<float, 2>& rows) {
  std::vector<double> norms;
  for (std::int64_t row = 0; row < rows.shape(0); ++row) {
    norms.push_back(static_cast<double>(product_of(row_of(rows, row), row_of(rows, row))));
  }
  return norms;
}

/// What the screen bounds, and what it compares with the floor: the product less half of both squared lengths.
struct Truth {
  double product;
  double score;
};
Truth truth_of(std::span<const float> x, std::span<const float> y, bool normalised) {
  if (normalised) {
    const double cosine = std::max(oracle_cosine(x, y), -1.0);  // the screen takes a zero row's product as 0
    const bool zero = std::isinf(oracle_cosine(x, y));
    return {zero ? 0 : cosine, zero ? -kInfinity : cosine};
  }
  long double distance = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    distance += (static_cast<long double>(x[k]) - y[k]) * (static_cast<long double>(x[k]) - y[k]);
  }
  return {static_cast<double>(product_of(x, y)), static_cast<double>(-distance / 2)};
}

Tile whole_of(const Array<float, 2>& rows) {
  Tile tile;
  tile.rows = tile.cols = {0, rows.shape(0)};
  return tile;
}

/// The tile as a whole, or row by row, which takes another path.
std::vector<Tile> tiles_of(const Array<float, 2>& rows, bool row_by_row) {
  if (!row_by_row) return {whole_of(rows)};
  std::vector<Tile> tiles(static_cast<std::size_t>(rows.shape(0)), whole_of(rows));
  for (std::size_t row = 0; row < tiles.size(); ++row) {
    tiles[row].rows = {static_cast<std::int64_t>(row), static_cast<std::int64_t>(row) + 1};
  }
  return tiles;
}

/// Expects at every level and stage that each interval holds the product, and that no pair that reaches one of the
/// floors is left out.
void attack(const Array<float, 2>& rows, bool normalised, std::span<const std::size_t> floor_pairs, IntervalUse& use) {
  const SimdScope scope;
  const std::int64_t n = rows.shape(0);
  const auto norms = squared_norms_of(rows);
  std::vector<Truth> truths;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) truths.push_back(truth_of(row_of(rows, i), row_of(rows, j), normalised));
  }
  std::vector<double> floors{-1e300};  // below all, yet finite
  for (const auto pair : floor_pairs) floors.push_back(truths[pair % truths.size()].score);
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    const QuantisedRows quantised(rows.view(), norms.data(), normalised);
    const ByteScreen screen(quantised, quantised, true);
    Workspace workspace(kPlentyOfMemory);
    const std::size_t num_stages = quantised.stages().size();
    for (std::size_t way = 0; way <= num_stages; ++way) {  // every stage, and then row by row
      const std::size_t stage = std::min(way, num_stages - 1);
      const auto tiles = tiles_of(rows, way == num_stages);
      for (const double floor : floors) {
        if (!std::isfinite(floor)) continue;
        std::vector<int> reported(truths.size());
        const auto visit = [&](auto i, auto j, double low, double high) {
          const auto pair = static_cast<std::size_t>(i * n + j);
          ++reported[pair];
          ASSERT_LE(low, truths[pair].product) << to_string(level) << ": pair " << i << ", " << j;
          ASSERT_GE(high, truths[pair].product) << to_string(level) << ": pair " << i << ", " << j;
          if (!std::isfinite(high - low)) return;
          use.worst = std::max(use.worst, std::fabs(truths[pair].product - (low + high) / 2) / ((high - low) / 2));
          ++use.pairs;
        };
        for (const Tile& tile : tiles) screen.run(tile, floor, stage, workspace, visit);
        for (std::size_t pair = 0; pair < truths.size(); ++pair) {
          ASSERT_LE(reported[pair], 1);
          if (!(truths[pair].score >= floor)) continue;
          ASSERT_EQ(reported[pair], 1) << to_string(level) << ", stage " << stage << ", floor " << floor << ": pair "
                                       << pair / static_cast<std::size_t>(n) << ", "
                                       << pair % static_cast<std::size_t>(n);
        }
      }
    }
  }
}

struct Case {
  std::int64_t dimensions;
  bool normalised;
  friend void PrintTo(const Case& value, std::ostream* out) {
    *out << (value.normalised ? "cosine_" : "product_") << value.dimensions;
  }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::int64_t d : {1, 2, 3, 16, 63, 64, 65, 128, 129, 257, 512, 1000, 4096}) {
    all.push_back({d, true});
    all.push_back({d, false});
  }
  return all;
}

class ByteScreenOf : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Dimensions, ByteScreenOf, testing::ValuesIn(cases()), testing::PrintToStringParamName());

TEST_P(ByteScreenOf, KeepsItsIntervalsAndLosesNoPair) {
  IntervalUse use;
  for (int round = 0; round < kAttackRounds; ++round) {
    const auto rows = hard_vectors(GetParam().dimensions, 500 + static_cast<std::uint64_t>(round));
    const std::vector<std::size_t> floors{1, 27, 36 * 3 + 4, 36 * 16, 36 * 13 + 14, 36 * 31 + 32, 36 * 2 + 35};
    attack(rows, GetParam().normalised, floors, use);
  }
  EXPECT_LE(use.worst, 1);
  EXPECT_GT(use.pairs, 0);
  RecordProperty("pairs", std::to_string(use.pairs));
  RecordProperty("worst_use", std::to_string(use.worst));
}

TEST_P(ByteScreenOf, LosesNoPairOfClusters) {
  IntervalUse use;
  for (int round = 0; round < kAttackRounds; ++round) {
    const auto rows = clustered_unit_vectors(50, GetParam().dimensions, 9, 0.4, static_cast<std::uint64_t>(round));
    std::vector<std::size_t> floors;
    for (std::size_t pair = 0; pair < 16; ++pair) floors.push_back(pair * 127 + 9);
    attack(rows, GetParam().normalised, floors, use);
  }
  EXPECT_LE(use.worst, 1);
  EXPECT_GT(use.pairs, 0);
  RecordProperty("worst_use", std::to_string(use.worst));
}

// Rounding errors of half a step that all point the same way come closest to the bound.
TEST(ByteScreen, KeepsItsIntervalsUnderHillClimbing) {
  IntervalUse use;
  for (std::uint64_t seed = 0; seed < static_cast<std::uint64_t>(2 * kAttackRounds); ++seed) {
    Random random(seed);
    const std::int64_t d = 2 + static_cast<std::int64_t>(random.below(20));
    Array<float, 2> rows({2, d});
    for (std::int64_t k = 0; k < 2 * d; ++k) rows.data()[k] = static_cast<float>(random.uniform());
    double best = 0;
    for (int step = 0; step < 600; ++step) {
      float& value = rows.data()[random.below(static_cast<std::uint64_t>(2 * d))];
      const float before = value;
      value = static_cast<float>(random.uniform() - (seed % 2 == 0 ? 0 : 0.5));
      IntervalUse now;
      attack(rows, seed % 4 < 2, {}, now);
      if (now.worst < best) value = before;
      best = std::max(best, now.worst);
    }
    use.worst = std::max(use.worst, best);
  }
  EXPECT_LE(use.worst, 1);
  EXPECT_GT(use.worst, 0.2);  // or it is no attack
  RecordProperty("worst_use", std::to_string(use.worst));
}

#if defined(__x86_64__)
TEST(ByteScreen, KeepsItsIntervalsWhenResultsAreFlushed) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8000U);
  IntervalUse use;
  const std::vector<std::size_t> floors{1, 36 * 11 + 12, 36 * 12 + 12, 36 * 25 + 26};
  for (const bool normalised : {true, false}) attack(hard_vectors(130, 7), normalised, floors, use);
  _mm_setcsr(before);
  EXPECT_LE(use.worst, 1);
  EXPECT_GT(use.pairs, 0);
}
#endif

TEST(ByteScreen, ScreensAnyPartOfTheItems) {
  const auto rows = clustered_unit_vectors(120, 70, 5, 0.3, 3);
  const auto norms = squared_norms_of(rows);
  const SimdScope scope;
  const QuantisedRows quantised(rows.view(), norms.data(), true);
  const ByteScreen screen(quantised, quantised, true);
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    Workspace workspace(kPlentyOfMemory);
    for (const auto& [row_begin, row_end, col_begin, col_end, upper] :
         {std::tuple{0, 1, 119, 120, false}, std::tuple{5, 38, 90, 120, false}, std::tuple{17, 18, 3, 100, false},
          std::tuple{30, 60, 30, 60, true}, std::tuple{47, 117, 50, 118, true}, std::tuple{100, 120, 15, 17, false}}) {
      Tile tile;
      tile.rows = {row_begin, row_end};
      tile.cols = {col_begin, col_end};
      tile.upper = upper;
      std::vector<std::pair<std::int64_t, std::int64_t>> found;
      screen.run(tile, -2, 0, workspace, [&](auto i, auto j, double, double) { found.emplace_back(i, j); });
      std::vector<std::pair<std::int64_t, std::int64_t>> expected;
      for (std::int64_t i = row_begin; i < row_end; ++i) {
        for (std::int64_t j = upper ? std::max<std::int64_t>(col_begin, i + 1) : col_begin; j < col_end; ++j) {
          expected.emplace_back(i, j);
        }
      }
      std::sort(found.begin(), found.end());
      ASSERT_EQ(found, expected) << to_string(level) << ": rows from " << row_begin << ", columns from " << col_begin;
    }
  }
}

TEST(ByteScreen, RejectsWhatIsFarBelow) {
  const auto rows = clustered_unit_vectors(400, 512, 400, 0, 3);  // unrelated
  const auto norms = squared_norms_of(rows);
  const SimdScope scope;
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    const QuantisedRows quantised(rows.view(), norms.data(), true);
    const ByteScreen screen(quantised, quantised, true);
    Workspace workspace(kPlentyOfMemory);
    Tile tile = whole_of(rows);
    tile.upper = true;
    for (std::size_t stage = 1; stage < quantised.stages().size(); ++stage) {
      screen.run(tile, 0.9, stage, workspace, [&](auto i, auto j, double low, double high) {
        FAIL() << to_string(level) << ", stage " << stage << ": " << i << ", " << j << " in " << low << ", " << high;
      });
    }
  }
}

TEST(ByteScreen, PlansByASample) {
  const SimdScope scope;
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    const auto rows = clustered_unit_vectors(3000, 512, 3000, 0, 4);
    const auto norms = squared_norms_of(rows);
    const QuantisedRows quantised(rows.view(), norms.data(), true);
    const ByteScreen screen(quantised, quantised, true);
    const std::size_t last = quantised.stages().size() - 1;
    EXPECT_LT(screen.plan(0.9).stage, last);  // a part of the values is enough
    EXPECT_EQ(screen.plan(0.9).unsure, 0);
    EXPECT_EQ(screen.plan(0.05).stage, last);
    EXPECT_GT(screen.plan(0.0).unsure, 0.1);  // in the midst of the pairs
    EXPECT_EQ(screen.plan(2).unsure, 0);
  }
}

}  // namespace
}  // namespace simile
