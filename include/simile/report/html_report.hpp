// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace simile {

/// Limits of a report, so that it opens quickly and travels by mail (docs/architecture.md).
inline constexpr std::int64_t kMaxThumbnailsPerGroup = 24;
inline constexpr std::int64_t kMaxThumbnails = 4000;
inline constexpr std::int64_t kMaxReportBytes = 15'000'000;

/// One image in a report.
struct ReportItem {
  std::int64_t index = 0;   ///< in the catalogue
  double similarity = 1.0;  ///< to the representative of its group
  std::string truth;        ///< true class, empty when unknown
};

/// One group, its representative first.
struct ReportGroup {
  std::vector<ReportItem> items;
  std::map<std::string, std::int64_t> classes;  ///< true classes and how often; empty without truth
};

/// Everything the report shows; plain data, so that it can be tested without a run.
struct ReportModel {
  std::string title;                                       ///< name of the folder or file that was clustered
  std::string method;                                      ///< "ssim"
  double threshold = 0;                                    ///< NaN: the method has none
  std::string threshold_reason;                            ///< why, where it was advised
  std::vector<std::pair<std::string, std::string>> facts;  ///< label and value, in the order shown: images, groups, ...
  std::vector<ReportGroup> groups;                         ///< largest first: cluster 0, 1, ...
  std::vector<ReportItem> outliers;
  std::vector<std::pair<std::string, std::string>> unreadable;  ///< id and reason
  std::vector<std::string> ids;  ///< of every item in the catalogue: path relative to the root, or index
  std::string link_prefix;       ///< URL ("../photos/", "file:///...") put before a percent-encoded id to link to its
                                 ///< original; empty, or a scheme other than file, http and https: no links
  std::map<std::int64_t, std::string> thumbnails;  ///< by item index: JPEG bytes; those of thumbnail_plan() are used
  std::string representative_note;                 ///< how representatives were chosen, when worth saying
  std::string version;                             ///< of simile
};

/// Items whose thumbnails the report will show, most important first: representatives, then members in turn up to
/// kMaxThumbnailsPerGroup a group, then outliers, kMaxThumbnails in all.
std::vector<std::int64_t> thumbnail_plan(const ReportModel& model);

/// The page: one self-contained HTML file that loads nothing, runs from file://, in dark and light, on a phone and by
/// keyboard, at most kMaxReportBytes. Text from outside is escaped; bytes that are not UTF-8 are percent-encoded. What
/// does not fit is said in the page: first the least important thumbnails go, then names (they are in clusters.csv),
/// from the longest lists. The same model gives the same bytes.
std::string html_report(const ReportModel& model);

}  // namespace simile
