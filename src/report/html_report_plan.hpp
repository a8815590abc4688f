// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simile/report/html_report.hpp"

namespace simile::report {

/// Stands for the outliers where a group's number is asked for.
inline constexpr std::int64_t kOutliers = -1;

/// A place for a picture on the page.
struct Tile {
  std::int64_t group = kOutliers;
  std::int64_t rank = 0;  ///< in its group or among the outliers; 0 in a group is the representative
  const ReportItem* item = nullptr;
};

/// Every tile the page may show, most important first; thumbnail_plan() names their items.
std::vector<Tile> planned_tiles(const ReportModel& model);

/// What the catalogue calls an item: its path relative to the root, or its index.
std::string item_id(const ReportModel& model, std::int64_t index);

}  // namespace simile::report
