// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "simile/core/context.hpp"
#include "simile/image/derive.hpp"
#include "simile/report/cluster_result.hpp"
#include "simile/report/html_report.hpp"
#include "simile/report/manifest.hpp"

namespace simile {

/// The report of a clustering of `images`, whose folder will be summary.output.
ReportModel make_report_page(const ClusterResult& result, const ClusterSummary& summary, const ImageSet& images,
                             const DecodeLimits& limits, const CacheOptions& cache, const Context& context);

/// Writes report.html.
void write_report_page(const std::filesystem::path& folder, const ReportModel& model);

}  // namespace simile
