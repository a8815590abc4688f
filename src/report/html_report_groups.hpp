// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "report/html_report_plan.hpp"

#include "simile/report/html_report.hpp"

namespace simile::report {

/// A colour for each of the most frequent true classes; the others share a quiet grey.
class ClassColours {
 public:
  explicit ClassColours(const ReportModel& model);

  [[nodiscard]] bool empty() const { return counts_.empty(); }
  /// CSS class: "c0"..."c9" or "cx".
  [[nodiscard]] std::string css(std::string_view name) const;
  /// The most frequent classes with their colours and counts, as a table with a bar in each row.
  [[nodiscard]] std::string legend() const;

 private:
  std::map<std::string, std::int64_t, std::less<>> counts_;
  std::map<std::string, std::size_t, std::less<>> colours_;
};

/// Heading, counts and class bar of a group, up to where its tiles begin.
std::string group_opening(const ReportGroup& group, std::int64_t number, const ClassColours& colours);

/// What follows the tiles of list `list` ("12", "outliers"): the pager of the names not among them.
std::string more_names(std::string_view list, std::int64_t size, std::int64_t shown);

/// One tile around `picture`, which is picture_html() or, without a thumbnail, placeholder_html(). `badge` marks the
/// first tile of a group.
std::string tile_html(const ReportModel& model, const Tile& tile, std::string_view link_prefix,
                      const ClassColours& colours, std::string_view picture, std::string_view badge = "representative");
std::string picture_html(std::string_view jpeg);
std::string placeholder_html(const ReportModel& model, const ReportItem& item);

/// Sizes of groups in powers of two, as a table with a bar in each row.
std::string size_histogram(const ReportModel& model);

}  // namespace simile::report
