// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "simile/core/text.hpp"
#include "simile/report/html_report.hpp"

namespace simile {

/// Groups of these sizes over items 0, 1, ... named "0.jpg", ...; each item 0.9 alike its representative.
inline ReportModel model_of_groups(const std::vector<std::int64_t>& sizes) {
  ReportModel model;
  model.method = "ssim";
  model.threshold = 0.8;
  for (const std::int64_t size : sizes) {
    ReportGroup& group = model.groups.emplace_back();
    for (std::int64_t rank = 0; rank < size; ++rank) {
      const auto index = static_cast<std::int64_t>(model.ids.size());
      group.items.push_back({index, rank == 0 ? 1.0 : 0.9, ""});
      model.ids.push_back(concat(index, ".jpg"));
    }
  }
  return model;
}

inline void add_outliers(ReportModel& model, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::int64_t>(model.ids.size());
    model.outliers.push_back({index, 1.0, ""});
    model.ids.push_back(concat(index, ".jpg"));
  }
}

inline std::int64_t count_of(std::string_view text, std::string_view part) {
  std::int64_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

}  // namespace simile
