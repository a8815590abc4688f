// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simile/report/html_report.hpp"

namespace simile::report {

/// The lists of names that the page's script pages through, filters and links: one per group, then the outliers, then
/// the unreadable files. Names share their beginning with the name before (front coding): a million short names fit.
class NameLists {
 public:
  explicit NameLists(const ReportModel& model);

  /// Bytes of all lists in full.
  [[nodiscard]] std::int64_t total_bytes() const { return total_bytes_; }

  /// The lists as JSON in at most `budget_bytes`. When not everything fits the longest lists are cut first, all to the
  /// same length; then the first lists have one name more.
  [[nodiscard]] std::string json(std::string_view link_prefix, std::int64_t num_sections,
                                 std::int64_t budget_bytes) const;

 private:
  struct Cut {
    std::int64_t length = 0;  ///< names of each list
    std::int64_t longer = 0;  ///< so many lists, from the first, have one more
  };

  [[nodiscard]] std::int64_t size(std::int64_t list) const;
  [[nodiscard]] std::string name(std::int64_t list, std::int64_t rank) const;
  [[nodiscard]] std::string detail(std::int64_t list, std::int64_t rank) const;
  [[nodiscard]] std::string coded_name(std::int64_t list, std::int64_t rank, std::string_view previous) const;
  [[nodiscard]] Cut cut(std::int64_t budget_bytes) const;
  [[nodiscard]] std::string list_json(std::int64_t list, std::int64_t length) const;

  const ReportModel& model_;
  std::int64_t num_lists_;
  std::vector<std::int64_t> bytes_at_rank_;  ///< of the names at this place of all lists together
  std::int64_t total_bytes_ = 0;
};

}  // namespace simile::report
