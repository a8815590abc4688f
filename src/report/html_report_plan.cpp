// SPDX-License-Identifier: Apache-2.0
#include "report/html_report_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace simile::report {

std::vector<Tile> planned_tiles(const ReportModel& model) {
  std::vector<Tile> tiles;
  const auto add = [&](std::int64_t group, std::int64_t rank, const ReportItem& item) {
    if (std::ssize(tiles) < kMaxThumbnails) tiles.push_back({group, rank, &item});
    return std::ssize(tiles) < kMaxThumbnails;
  };
  // In turn: a large group does not take the places of the small ones.
  for (std::int64_t rank = 0; rank < kMaxThumbnailsPerGroup; ++rank) {
    for (std::size_t group = 0; group < model.groups.size(); ++group) {
      const auto& items = model.groups[group].items;
      if (rank >= std::ssize(items)) continue;
      if (!add(static_cast<std::int64_t>(group), rank, items[static_cast<std::size_t>(rank)])) return tiles;
    }
  }
  for (std::size_t rank = 0; rank < model.outliers.size(); ++rank) {
    if (!add(kOutliers, static_cast<std::int64_t>(rank), model.outliers[rank])) break;
  }
  return tiles;
}

std::string item_id(const ReportModel& model, std::int64_t index) {
  const bool known = index >= 0 && index < std::ssize(model.ids);
  return known ? model.ids[static_cast<std::size_t>(index)] : std::to_string(index);
}

}  // namespace simile::report

namespace simile {

std::vector<std::int64_t> thumbnail_plan(const ReportModel& model) {
  const auto tiles = report::planned_tiles(model);
  std::vector<std::int64_t> plan(tiles.size());
  std::transform(tiles.begin(), tiles.end(), plan.begin(), [](const report::Tile& tile) { return tile.item->index; });
  return plan;
}

}  // namespace simile
