// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "similarity/engine.hpp"

namespace simile {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kAttackRounds = 1;
#else
inline constexpr int kAttackRounds = 4;
#endif

/// How much of their intervals the pairs of an attack used: 0 = in the middle, 1 = on the border.
struct IntervalUse {
  double worst = 0;
  std::int64_t pairs = 0;
};

/// Screens rows x cols at every SIMD level and expects that each interval holds the exact similarity.
inline void check_intervals(const Metric& metric, IntervalUse& use) {
  const SimdScope scope;
  Tile tile;
  tile.rows = {0, metric.num_left()};
  tile.cols = {0, metric.num_right()};
  std::vector<double> exact;
  for (std::int64_t i = 0; i < metric.num_left(); ++i) {
    for (std::int64_t j = 0; j < metric.num_right(); ++j) exact.push_back(metric.exact(i, j));
  }
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    Workspace workspace(kPlentyOfMemory);
    std::vector<ScoredPair> scored;
    metric.screen(tile, {}, workspace, scored);
    ASSERT_EQ(scored.size(), exact.size()) << to_string(level);
    for (const auto& [i, j, low, high] : scored) {
      const double truth = exact[static_cast<std::size_t>(i * metric.num_right() + j)];
      ASSERT_LE(low, truth) << to_string(level) << ": pair " << i << ", " << j;
      ASSERT_GE(high, truth) << to_string(level) << ": pair " << i << ", " << j;
      if (high > low) use.worst = std::max(use.worst, std::fabs(truth - (low + high) / 2) / ((high - low) / 2));
      ++use.pairs;
    }
  }
}

/// Expects that `exact` is the same double at every SIMD level, and the same for (i, j) and (j, i) of one set.
inline void check_exact_everywhere(const Metric& metric, bool symmetric) {
  const SimdScope scope;
  for (std::int64_t i = 0; i < metric.num_left(); ++i) {
    for (std::int64_t j = 0; j < metric.num_right(); ++j) {
      set_simd_level(SimdLevel::portable);
      const double first = metric.exact(i, j);
      for (const SimdLevel level : supported_simd_levels()) {
        set_simd_level(level);
        ASSERT_EQ(metric.exact(i, j), first) << to_string(level) << ": pair " << i << ", " << j;
        if (symmetric) {
          ASSERT_EQ(metric.exact(j, i), first) << to_string(level) << ": pair " << i << ", " << j;
        }
      }
    }
  }
}

/// Expects that no pair that reaches a floor is left out, whatever the floor and the level, and that of an upper block
/// exactly the pairs i < j are reported.
inline void check_floors(const Metric& metric) {
  const SimdScope scope;
  std::vector<double> floors{-kInfinity, kInfinity, 0, -1, 1, 2, 1e300};
  for (std::int64_t k = 0; k < metric.num_left(); ++k) {
    const double similarity = metric.exact(k, (3 * k + 1) % metric.num_right());
    for (const double floor :
         {similarity, std::nextafter(similarity, kInfinity), std::nextafter(similarity, -kInfinity)})
      floors.push_back(floor);
  }
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    for (const bool upper : {false, true}) {
      Tile tile;
      tile.rows = {0, metric.num_left()};
      tile.cols = {0, metric.num_right()};
      tile.upper = upper;
      for (const double floor : floors) {
        Workspace workspace(kPlentyOfMemory);
        std::vector<ScoredPair> scored;
        metric.screen(tile, {.floor = floor}, workspace, scored);
        std::vector<char> reported(static_cast<std::size_t>(metric.num_left() * metric.num_right()));
        for (const auto& pair : scored) {
          ASSERT_TRUE(!upper || pair.left < pair.right);
          ASSERT_EQ(reported[static_cast<std::size_t>(pair.left * metric.num_right() + pair.right)]++, 0);
        }
        for (std::int64_t i = 0; i < metric.num_left(); ++i) {
          for (std::int64_t j = upper ? i + 1 : 0; j < metric.num_right(); ++j) {
            if (!(metric.exact(i, j) >= floor)) continue;
            ASSERT_TRUE(reported[static_cast<std::size_t>(i * metric.num_right() + j)])
                << to_string(level) << " floor " << floor << ": pair " << i << ", " << j;
          }
        }
      }
    }
  }
}

}  // namespace simile
