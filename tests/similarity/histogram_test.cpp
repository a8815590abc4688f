// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/histogram.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"

namespace simile {
namespace {

using testing::ElementsAre;

std::vector<std::int64_t> expected_counts(const Pairs& pairs, const Metric& metric, const HistogramOptions& options) {
  const Histogram histogram(options);
  std::vector<double> borders;
  for (std::int64_t k = 0; k <= histogram.num_bins(); ++k) borders.push_back(histogram.border(k));
  std::vector<double> similarities;
  for (const auto& pair : oracle_pairs(pairs, metric, false)) similarities.push_back(pair.similarity);
  return oracle_histogram(similarities, borders);
}

TEST(Histogram, EqualsPlainCountsHoweverWideTheIntervals) {
  Engine engine(3);
  const std::vector<IndexPair> list{{0, 1}, {1, 0}, {4, 4}, {0, 1}, {9, 2}};
  for (const double widest : {0.0, 1e-6, 0.01, 3.0}) {
    for (const HistogramOptions& options : {HistogramOptions{}, HistogramOptions{0.3, 0.31, 7}}) {
      const IntervalMetric metric(50, 50, widest, [](auto i, auto j) {
        return (i * j) % 13 == 5 ? -kInfinity : 2 * hashed_similarity(i, j) - 1;
      });
      for (const Pairs& pairs : {Pairs::triangle(50), Pairs::rectangle(50, 50), Pairs::list(list, 50)}) {
        EXPECT_EQ(counts_of(engine, pairs, metric, options), expected_counts(pairs, metric, options)) << widest;
      }
    }
  }
}

TEST(Histogram, CountsABorderInTheBinThatItBegins) {
  Engine engine(1);
  const HistogramOptions options{0.1, 0.7, 6};
  const Histogram histogram(options);
  for (std::int64_t k = 0; k <= 6; ++k) {
    for (const int step : {-1, 0, 1}) {
      const double border = histogram.border(k);
      const double value = step == 0 ? border : std::nextafter(border, step * kInfinity);
      const IntervalMetric metric(1, 1, 1e-3, [&](auto, auto) { return value; });
      std::vector<std::int64_t> expected(7);
      expected[static_cast<std::size_t>(std::clamp<std::int64_t>(step < 0 ? k - 1 : k, 0, 5))] = 1;
      EXPECT_EQ(counts_of(engine, Pairs::rectangle(1, 1), metric, options), expected) << k << ", " << step;
    }
  }
}

TEST(Histogram, PutsWhatLiesOutsideIntoTheEndBins) {
  Engine engine(2);
  const FunctionMetric metric(1, 5, [](auto, std::int64_t j) {
    return j == 4 ? -kInfinity : j == 0 ? -7.0 : 3.0 * static_cast<double>(j);
  });
  EXPECT_THAT(counts_of(engine, Pairs::rectangle(1, 5), metric, {0, 5, 5}), ElementsAre(1, 0, 0, 1, 2, 1));
}

TEST(Histogram, EvaluatesOnlyWhatStraddlesABorder) {
  Engine engine(2);
  const IntervalMetric metric(100, 100, 1e-5, hashed_similarity);
  counts_of(engine, Pairs::triangle(100), metric, {0, 1, 16});
  // About one in a hundred has an end at -infinity.
  EXPECT_LT(metric.evaluations, 120);
}

TEST(Histogram, WantsIntervalsNarrowerThanItsBins) {
  Histogram histogram({0, 1, 100});
  EXPECT_LE(histogram.need({}).max_width, 0.005);
  EXPECT_EQ(histogram.need({}).floor, -kInfinity);
}

TEST(Histogram, RefusesRangesWithoutBins) {
  expect_error(ErrorCode::invalid_argument, "from 1 to 1", [] { Histogram({1, 1, 4}); });
  expect_error(ErrorCode::invalid_argument, "from 1 to 0", [] { Histogram({1, 0, 4}); });
  expect_error(ErrorCode::invalid_argument, "nan", [] { Histogram({std::nan(""), 0, 4}); });
  expect_error(ErrorCode::invalid_argument, "inf", [] { Histogram({0, kInfinity, 4}); });
  expect_error(ErrorCode::invalid_argument, "0 bins", [] { Histogram({0, 1, 0}); });
  expect_error(ErrorCode::invalid_argument, "16777217 bins", [] { Histogram({0, 1, (1 << 24) + 1}); });
  expect_error(ErrorCode::invalid_argument, "without a width", [] { Histogram({1, 1 + 1e-15, 4096}); });
}

}  // namespace
}  // namespace simile
