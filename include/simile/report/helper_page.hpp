// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace simile {

/// A prediction on the page.
struct ShownPrediction {
  std::int64_t item = 0;
  std::string label;
  double probability = 0;
  std::string second;  ///< the next class
  std::string truth;   ///< its own label, where it has one
};

/// A row of the table of classes; shares of nothing are NaN.
struct ShownClass {
  std::string name;
  std::int64_t labels = 0;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

/// A range of probabilities, or a point of the learning curve.
struct ShownPoint {
  double x = 0;
  double y = 0;
};

/// Everything that a page about a helper shows; parts that are empty are left out.
struct HelperPageModel {
  std::string command;  ///< "simile predict"
  std::string title;
  std::string lead;                                        ///< a sentence
  std::vector<std::pair<std::string, std::string>> facts;  ///< label and value
  std::vector<ShownClass> classes;
  std::vector<std::vector<std::int64_t>> confusion;  ///< [true class][predicted class]
  std::vector<ShownPoint> before;                    ///< reliability: mean probability, share that was right
  std::vector<ShownPoint> after;                     ///< the same, calibrated
  std::vector<ShownPoint> curve;                     ///< labels, accuracy
  std::vector<ShownPrediction> most_certain;
  std::vector<ShownPrediction> least_certain;
  std::vector<ShownPrediction> next;               ///< to label next
  std::vector<std::string> ids;                    ///< of every item
  std::map<std::int64_t, std::string> thumbnails;  ///< by item: JPEG bytes
  std::string link_prefix;                         ///< as ReportModel's
  std::string version;
};

/// One self-contained HTML file. Text from outside is escaped.
std::string helper_page(const HelperPageModel& model);

/// The plots that the page shows, as SVG documents; empty where there is nothing to plot.
std::string reliability_svg(const HelperPageModel& model);
std::string learning_curve_svg(const HelperPageModel& model);
/// The confusion matrix as an SVG document: true classes downwards, predicted ones to the right.
std::string confusion_svg(const std::vector<ShownClass>& classes,
                          const std::vector<std::vector<std::int64_t>>& confusion);

}  // namespace simile
