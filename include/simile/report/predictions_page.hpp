// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace simile {

/// What a helper predicted, for people to look at: the pictures it is surest and least sure of.
struct PredictionsPageModel {
  struct Item {
    std::int64_t index = 0;  ///< key of its thumbnail
    std::string id;
    std::string label;
    double probability = 0;
    std::string second;  ///< the next most probable class; empty: there is none
    std::string truth;   ///< empty: unknown
  };
  /// Pictures under a heading.
  struct Section {
    std::string title;
    std::string about;  ///< one sentence
    std::vector<Item> items;
  };
  std::string title;  ///< name of the set
  std::string lead;   ///< one sentence: "93.1% of 1,800 labelled images are predicted right."
  std::string version;
  std::vector<std::pair<std::string, std::string>> facts;  ///< name and value
  std::vector<Section> sections;
  std::map<std::int64_t, std::string> thumbnails;  ///< by index: JPEG bytes
  std::string link_prefix;                         ///< as ReportModel's
};

/// The page: one self-contained HTML file without a script. Predictions that are wrong are marked, where the truth is
/// known. Text from outside is escaped.
std::string predictions_page(const PredictionsPageModel& model);

}  // namespace simile
