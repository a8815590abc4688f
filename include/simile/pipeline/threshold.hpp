// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simile/cluster/judged_threshold.hpp"
#include "simile/cluster/threshold_curve.hpp"
#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// Sample sizes that --sample allows: every pair of a sample is compared exactly and kept.
inline constexpr std::int64_t kMinSample = 2;
inline constexpr std::int64_t kMaxSample = 10'000;
inline constexpr std::int64_t kDefaultSample = 1'000;

/// Pairs near the advised threshold that people are asked about.
inline constexpr std::int64_t kPairsToJudge = 30;

/// Everything `simile threshold` can be told.
struct ThresholdOptions {
  std::filesystem::path input;
  ListingOptions listing{};
  FeatureOptions features{};
  MetricOptions metric{};
  std::int64_t sample = kDefaultSample;
  std::uint64_t seed = 0;
  std::filesystem::path out{};  ///< empty: the resolved input + "_threshold"
  bool overwrite = false;
  std::filesystem::path answers{};  ///< a CSV `from,to,alike` to learn the threshold from; empty: none
  std::vector<std::string> arguments{};

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// A pair that somebody is asked about.
struct PairToJudge {
  std::int64_t number = 0;  ///< from 1
  std::int64_t count = 0;
  std::string from;  ///< id
  std::string to;
  std::filesystem::path from_file;  ///< empty where items are rows of an array
  std::filesystem::path to_file;
};
/// The answer: alike or not, or nothing to end the questions.
using Judge = std::function<std::optional<bool>(const PairToJudge&)>;

struct ThresholdSummary {
  std::string input;
  std::string output;
  std::string kind;
  std::string method;
  std::uint64_t seed = 0;
  std::int64_t num_items = 0;
  std::int64_t num_sampled = 0;  ///< readable items that were compared
  std::int64_t num_unreadable = 0;
  ThresholdAdvice advice;
  double expected_pairs = 0;  ///< similar pairs of the whole set at the advice
  CurvePoint at_advice;       ///< of the sample
  std::optional<JudgedThreshold> judged;
  std::string judged_problem;  ///< why answers given on the spot lead to no threshold; pairs.csv keeps them
};

/// One JSON object, keys in a fixed order, ends with a line break.
std::string to_json(const ThresholdSummary& summary);

/// Compares a random sample and writes a folder: threshold.csv (the curve), threshold.svg and threshold.png (its plot),
/// threshold.html (a slider through all thresholds with pairs above and below), pairs.csv (pairs near the advice, to be
/// judged), unreadable.csv and manifest.json. With a `judge`, asks about these pairs; with options.answers, reads what
/// was answered. Throws as run_cluster() does.
ThresholdSummary run_threshold(const ThresholdOptions& options, const Judge& judge, const Context& context);

}  // namespace simile
