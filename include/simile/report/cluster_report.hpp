// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simile/report/cluster_result.hpp"
#include "simile/report/html_report.hpp"
#include "simile/report/move.hpp"

namespace simile {

/// The report's groups, outliers and unreadable files from a result; title, facts, thumbnails and the like are the
/// caller's.
ReportModel make_report_model(const ClusterResult& result);

/// For a report whose photos are moved: every name becomes the path from the result folder `folder` to where the photo
/// is then, so that links lead there: the destination of the plan's moves, but of those in `errors` (ascending by item)
/// and of all others the original.
void show_where_photos_are(ReportModel& model, const std::filesystem::path& folder, const ClusterResult& result,
                           const MovePlan& plan, const std::vector<ItemError>& errors);

/// How the report in `folder` reaches files below `root`: a relative URL that ends in '/', percent-encoded.
std::string link_prefix(const std::filesystem::path& folder, const std::filesystem::path& root);

}  // namespace simile
