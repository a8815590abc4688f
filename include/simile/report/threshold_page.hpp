// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simile/cluster/threshold_curve.hpp"
#include "simile/report/plot.hpp"

namespace simile {

/// A pair that the page can show; items are numbers of ThresholdPageModel::ids.
struct ExamplePair {
  double similarity = 0;
  std::int64_t left = 0;
  std::int64_t right = 0;
};

/// How many pairs of the sample are at least so similar.
struct PairCount {
  double threshold = 0;
  std::int64_t pairs = 0;
};

/// Everything that a threshold page shows.
struct ThresholdPageModel {
  std::string title;   ///< name of the folder or file
  std::string method;  ///< "ssim"
  std::string version;
  std::int64_t num_items = 0;     ///< of the whole set
  std::int64_t num_sampled = 0;   ///< of those, compared
  std::vector<CurvePoint> curve;  ///< descending
  std::vector<PairCount> counts;  ///< descending; enough of them to draw
  ThresholdAdvice advice;
  std::vector<ExamplePair> examples;               ///< descending by similarity
  std::vector<std::string> ids;                    ///< of every item
  std::map<std::int64_t, std::string> thumbnails;  ///< by item: JPEG bytes
  std::string link_prefix;                         ///< as ReportModel's
};

/// Similar pairs to be expected in the whole set for each pair of the sample.
double pair_scale(std::int64_t num_items, std::int64_t num_sampled);

/// The curve as the plot that the page shows and the folder holds: expected similar pairs, groups and grouped images of
/// the sample against the threshold.
Plot threshold_plot(const ThresholdPageModel& model);

/// The page: one self-contained HTML file in which a slider moves through all thresholds; at each it shows the counts,
/// the pairs just above and the pairs just below. Text from outside is escaped.
std::string threshold_page(const ThresholdPageModel& model);

}  // namespace simile
