// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simile/report/cluster_result.hpp"
#include "simile/report/html_report.hpp"

namespace simile {

/// The report's groups, outliers and unreadable files from a result; title, facts, thumbnails and the like are the
/// caller's.
ReportModel make_report_model(const ClusterResult& result);

/// How the report in `folder` reaches files below `root`: a relative URL that ends in '/', percent-encoded.
std::string link_prefix(const std::filesystem::path& folder, const std::filesystem::path& root);

}  // namespace simile
