// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "simile/core/context.hpp"
#include "simile/image/image_set.hpp"
#include "simile/report/cluster_result.hpp"
#include "simile/report/manifest.hpp"

namespace simile {

/// Writes report.html of a clustering of `images` into `folder`, which will be summary.output.
void write_report_page(const std::filesystem::path& folder, const ClusterResult& result, const ClusterSummary& summary,
                       const ImageSet& images, const DecodeLimits& limits, const Context& context);

}  // namespace simile
