// SPDX-License-Identifier: Apache-2.0
#include "similarity/ssim_pools.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/arithmetic/ssim.hpp"
#include "similarity/drawn_images.hpp"
#include "similarity/intervals.hpp"
#include "similarity/simd/kernels.hpp"
#include "support/random_images.hpp"

#include "simile/core/random.hpp"
#include "simile/similarity/ssim.hpp"

namespace simile {
namespace {

std::uint8_t pixel(double value) { return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L)); }

/// `image` with other contrast and brightness.
Array<std::uint8_t, 2> changed(View<const std::uint8_t, 2> image, double contrast, double brightness) {
  Array<std::uint8_t, 2> result({image.shape[0], image.shape[1]});
  for (std::int64_t k = 0; k < result.size(); ++k) {
    result.data()[k] = pixel(127 + contrast * (image.data[k] - 127.0) + brightness);
  }
  return result;
}

/// Waves across the image, whose gradients are what windows hold most of.
Array<std::uint8_t, 2> waves(std::int64_t height, std::int64_t width, Random& random) {
  const double across = random.uniform() * 2;
  const double down = random.uniform() * 2;
  const double depth = random.uniform() * 127;
  return drawn(height, width, [&](auto y, auto x) {
    return pixel(127 + depth * std::sin(across * static_cast<double>(x) + down * static_cast<double>(y)));
  });
}

/// Images for which one of the bound's terms is nearly what it bounds: constants and shifts in brightness (means),
/// changes in contrast (deviations), waves (gradients), negatives; and ordinary ones with their near copies.
Array<std::uint8_t, 3> tight_images(const Size& size, std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Array<std::uint8_t, 2>> images;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto last = images.empty() ? View<const std::uint8_t, 2>{} : std::as_const(images.back()).view();
    const auto next = random.next();
    switch (images.empty() ? 0 : random.below(8)) {
      case 0:
        images.push_back(natural_image(size.height, size.width, next));
        break;
      case 1:
        images.push_back(constant_image(size.height, size.width, static_cast<std::uint8_t>(random.below(256))));
        break;
      case 2:
        images.push_back(waves(size.height, size.width, random));
        break;
      case 3:
        images.push_back(changed(last, 1, random.uniform() * 100 - 50));
        break;
      case 4:
        images.push_back(changed(last, random.uniform() * 2, 0));
        break;
      case 5:
        images.push_back(changed(last, -1, 0));
        break;
      case 6:
        images.push_back(near_duplicate(last, 1 + static_cast<int>(random.below(30)), next));
        break;
      default:
        images.push_back(noise_image(size.height, size.width, next, static_cast<std::uint8_t>(random.below(255)), 255));
        break;
    }
  }
  return stack(images);
}

/// The sums of one pool, in double and by the letter; and the deficit of two.
struct Pool {
  double mean = 0, squares = 0, deviation = 0, variance = 0, across = 0, down = 0, rest = 0;
  double windows = 0;
};

Pool pool_of(View<const std::uint8_t, 2> image, Range rows, Range columns) {
  Pool pool;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    for (std::int64_t column = columns.begin; column < columns.end; ++column) {
      double sum = 0, squares = 0, across = 0, down = 0;
      for (int y = 0; y < 7; ++y) {
        for (int x = 0; x < 7; ++x) {
          const double value = image(row + y, column + x);
          sum += value;
          squares += value * value;
          across += (x - 3) * value;
          down += (y - 3) * value;
        }
      }
      const double variance = 49 * squares - sum * sum;
      across *= 7.0 / 14;
      down *= 7.0 / 14;
      pool.mean += sum;
      pool.squares += sum * sum;
      pool.deviation += std::sqrt(variance);
      pool.variance += variance;
      pool.across += across;
      pool.down += down;
      pool.rest += std::sqrt(variance - across * across - down * down);
      pool.windows += 1;
    }
  }
  return pool;
}

double deficit(const Pool& x, const Pool& y) {
  const auto square = [](double value) { return value * value; };
  const double means = square(x.mean - y.mean) / (x.squares + y.squares + x.windows * kSsimC1);
  const double halves = (square(x.across - y.across) + square(x.down - y.down) + square(x.rest - y.rest)) / 2;
  return std::max(
      means, std::max(square(x.deviation - y.deviation), halves) / (x.variance + y.variance + x.windows * kSsimC2));
}

/// Sorted deficits of all pools, as SsimPools cuts them: evenly, at most 24 a side and of about five windows.
std::vector<double> deficits_of(View<const std::uint8_t, 2> x, View<const std::uint8_t, 2> y) {
  const auto cut = [](std::int64_t windows) {
    const std::int64_t parts = std::min<std::int64_t>(24, (windows + 4) / 5);
    std::vector<Range> ranges;
    for (std::int64_t k = 0; k < parts; ++k) ranges.push_back({windows * k / parts, windows * (k + 1) / parts});
    return ranges;
  };
  std::vector<double> deficits;
  for (const Range rows : cut(x.shape[0] - 6)) {
    for (const Range columns : cut(x.shape[1] - 6)) {
      deficits.push_back(deficit(pool_of(x, rows, columns), pool_of(y, rows, columns)));
    }
  }
  std::sort(deficits.begin(), deficits.end());
  return deficits;
}

bool is_candidate(const SsimPools& pools, std::int64_t i, std::int64_t j, double floor) {
  std::int32_t found = 0;
  return kernels().ssim.pool_candidates(pools.of(i), pools.of(j), 0, 1, pools.groups(), pools.limit(floor), &found) ==
         1;
}

std::vector<float> stored_deficits(const SsimPools& pools, std::int64_t i, std::int64_t j) {
  std::vector<float> deficits(static_cast<std::size_t>(pools.groups() * kSsimPoolGroup));
  kernels().ssim.pool_deficits(pools.of(i), pools.of(j), pools.groups(), deficits.data());
  return deficits;
}

class SsimPoolsOfSize : public testing::TestWithParam<Size> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SsimPoolsOfSize,
                         testing::Values(Size{7, 7}, Size{7, 12}, Size{12, 11}, Size{13, 28}, Size{64, 64},
                                         Size{9, 300}, Size{140, 33}),
                         size_name);

TEST_P(SsimPoolsOfSize, EqualTheFormulaAtEveryLevel) {
  const SimdScope scope;
  const auto images = tight_images(GetParam(), 12, 1);
  const auto view = std::as_const(images).view();
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    const SsimPools pools(view);
    pools.prepare({0, view.shape[0]});
    for (std::int64_t i = 0; i < view.shape[0]; ++i) {
      for (std::int64_t j = 0; j < view.shape[0]; ++j) {
        const auto expected = deficits_of(view[i], view[j]);
        auto stored = stored_deficits(pools, i, j);
        std::sort(stored.begin(), stored.end());
        const std::size_t padding = stored.size() - expected.size();
        for (std::size_t k = 0; k < stored.size(); ++k) {
          const double truth = k < padding ? 0 : expected[k - padding];
          // A pool has at most 60 x 60 windows here; the proof allows 13 u for each.
          ASSERT_NEAR(static_cast<double>(stored[k]), truth, 13 * kFloatRoundoff * 3600) << to_string(level);
          if (k < padding) {
            ASSERT_EQ(stored[k], 0) << "padding";
          }
        }
      }
    }
  }
}

/// Images that an attack can afford to compare: all pairs of so many.
std::int64_t attackers(const Size& size) { return size.height * size.width < 400 ? 200 : 40; }

TEST_P(SsimPoolsOfSize, NeverRejectWhatReachesTheFloor) {
  const SimdScope scope;
  std::int64_t pairs = 0;
  double most_used = 0;
  for (int round = 0; round < 2 * kAttackRounds; ++round) {
    const auto images = tight_images(GetParam(), attackers(GetParam()), 100 + static_cast<std::uint64_t>(round));
    const auto view = std::as_const(images).view();
    const SsimMetric metric(view);
    const double count = static_cast<double>((view.shape[1] - 6) * (view.shape[2] - 6));
    std::vector<double> exact;
    for (std::int64_t i = 0; i < view.shape[0]; ++i) {
      for (std::int64_t j = i; j < view.shape[0]; ++j) exact.push_back(metric.exact(i, j));
    }
    for (const SimdLevel level : supported_simd_levels()) {
      set_simd_level(level);
      const SsimPools pools(view);
      pools.prepare({0, view.shape[0]});
      std::size_t k = 0;
      for (std::int64_t i = 0; i < view.shape[0]; ++i) {
        for (std::int64_t j = i; j < view.shape[0]; ++j, ++k) {
          ASSERT_TRUE(is_candidate(pools, i, j, exact[k])) << to_string(level) << ": " << i << ", " << j;
          if (exact[k] > 0.999) continue;
          double sum = 0;
          for (const float value : stored_deficits(pools, i, j)) sum += static_cast<double>(value);
          most_used = std::max(most_used, sum / count / (1 - exact[k]));
        }
      }
      pairs += static_cast<std::int64_t>(k);
    }
  }
  // The attack is of use only if it comes close.
  EXPECT_GT(most_used, 0.999);
  RecordProperty("pairs", std::to_string(pairs));
  RecordProperty("most_used", std::to_string(most_used));
}

TEST_P(SsimPoolsOfSize, SumsThatRowsMustReachNeverExceedThoseOfTheDefinition) {
  const auto images = tight_images(GetParam(), 40, 7);
  const auto view = std::as_const(images).view();
  const SsimMetric metric(view);
  const SsimPools pools(view);
  pools.prepare({0, view.shape[0]});
  std::vector<std::int32_t> columns(static_cast<std::size_t>(5 * view.shape[2]));
  std::vector<double> row(static_cast<std::size_t>(view.shape[2]));
  std::vector<double> least(static_cast<std::size_t>(view.shape[1]));
  std::int64_t stopped = 0;
  for (std::int64_t i = 0; i < view.shape[0]; ++i) {
    for (std::int64_t j = 0; j < view.shape[0]; ++j) {
      const double exact = metric.exact(i, j);
      const auto deficits = stored_deficits(pools, i, j);
      for (const double floor : {exact, std::nextafter(exact, kInfinity), exact + 0.01, 2.0}) {
        pools.least_sums(deficits.data(), floor, least.data());
        const double found = kernels().ssim.exact(view[i].data, view[j].data, view.shape[1], view.shape[2],
                                                  columns.data(), row.data(), least.data());
        if (found == -kInfinity) {
          ASSERT_GT(floor, exact) << i << ", " << j;
          ++stopped;
        } else {
          ASSERT_EQ(found, exact) << i << ", " << j;
        }
        if (floor == 2.0) {
          ASSERT_EQ(found, -kInfinity) << i << ", " << j;
        }
      }
    }
  }
  EXPECT_GE(stopped, view.shape[0] * view.shape[0]);
}

TEST(SsimPools, AreMadeWhereTheyAreAskedForAndLieInTheirOwnBlocks) {
  const auto images = tight_images({12, 12}, 130, 3);
  const auto view = std::as_const(images).view();
  const SsimPools whole(view);
  whole.prepare({0, 130});
  const SsimPools part(view);
  part.prepare({70, 71});  // the block [64, 128)
  for (std::int64_t item = 64; item < 128; ++item) {
    EXPECT_TRUE(std::equal(part.of(item), part.of(item) + part.stride(), whole.of(item))) << item;
  }
  EXPECT_EQ(*std::max_element(part.of(0), part.of(64)), 0);
  EXPECT_EQ(*std::max_element(part.of(128), part.of(129) + part.stride()), 0);
}

TEST(SsimPools, AreKeptOnlyWhereTheyPayAndMemoryAllows) {
  EXPECT_FALSE(SsimPools::pay(7, 7));
  EXPECT_TRUE(SsimPools::pay(28, 28));
  EXPECT_TRUE(SsimPools::pay(64, 64));
  EXPECT_TRUE(SsimPools::pay(1 << 14, 1 << 14));
  EXPECT_FALSE(SsimPools::pay(11, 1 << 27));  // sums beyond what single precision multiplies
  const auto images = tight_images({28, 28}, 520, 5);
  const SsimMetric metric(std::as_const(images).view());
  EXPECT_EQ(metric.kept_bytes(), 520 * 2 * 16 * 7 * 4);  // 5 x 5 pools
  EXPECT_EQ(SsimMetric(std::as_const(images).view(), tight_images({28, 28}, 3, 6).view()).kept_bytes(), 523 * 896);
  EXPECT_EQ(SsimMetric(tight_images({28, 28}, 3, 6).view(), std::as_const(images).view()).kept_bytes(), 0);
  EXPECT_EQ(SsimMetric(tight_images({7, 7}, 100, 6).view()).kept_bytes(), 0);
  // Just enough for tiles and no more: the same pairs without pools.
  const Cost cost = metric.cost();
  Engine engine(1, metric.resident_bytes() + cost.fixed_bytes +
                       32 * (cost.bytes_per_row + cost.bytes_per_column + 32 * cost.bytes_per_pair));
  ASSERT_GT(metric.kept_bytes(), (engine.memory_bytes - metric.resident_bytes()) / 2);
  const auto pairs = Pairs::triangle(520);
  EXPECT_EQ(edges_of(engine, pairs, metric, 0.8), expected_edges(pairs, metric, 0.8));
}

TEST(SsimPools, NothingIsReportedWhereMemoryEndsInTheMiddle) {
  const auto images = tight_images({28, 28}, 64, 5);
  const SsimMetric metric(std::as_const(images).view());
  Tile tile;
  tile.rows = tile.cols = {0, 64};
  Workspace workspace(64 * 4 + 64);  // for finding candidates, not for scoring them
  std::vector<ScoredPair> out{{1, 2, 0.5, 0.5}};
  expect_error(ErrorCode::out_of_memory, "", [&] { metric.screen(tile, {.floor = 0.5}, workspace, out); });
  EXPECT_EQ(out.size(), 1U);
}

TEST(SsimPools, LimitsAreNeverTooSmall) {
  const auto images = tight_images({12, 12}, 2, 3);
  const SsimPools pools(std::as_const(images).view());
  for (const double floor : {-1.0, 0.0, 0.1, 0.5, 0.9, 1.0, 1.5, 1e30}) {
    EXPECT_GE(static_cast<double>(pools.limit(floor)), (1 - floor + kSsimPoolBand) * 36) << floor;
  }
  EXPECT_FALSE(std::isnan(pools.limit(kInfinity)));
  EXPECT_LT(pools.limit(kInfinity), 0);
}

// All three ways a tile can go give the pairs that plain loops give: few candidates (one by one), many (densely), pools
// of no use (all, densely).
TEST(SsimPools, EveryWayThroughATileGivesTheSamePairs) {
  const auto images = tight_images({28, 28}, 300, 11);
  const SsimMetric metric(std::as_const(images).view());
  Engine engine;
  for (const double floor : {0.99, 0.9, 0.7, 0.4, 0.1, -0.3, -2.0}) {
    const auto pairs = Pairs::triangle(300);
    EXPECT_EQ(edges_of(engine, pairs, metric, floor), expected_edges(pairs, metric, floor)) << floor;
  }
}

}  // namespace
}  // namespace simile
