// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/report/html_report.hpp"
#include "simile/report/manifest.hpp"
#include "simile/report/move.hpp"

namespace simile {

/// `--transfer move` in a run: what the files were when the run began, the plan in the result folder while it is built,
/// and the moves once it stands at its place. Does nothing with another transfer.
class Moving {
 public:
  Moving(Transfer transfer, const Catalogue& catalogue);

  /// Writes the plan into `folder`, which will be `target`; the page shows the photos where they will be.
  void plan(const std::filesystem::path& folder, const std::filesystem::path& target, const ClusterResult& result,
            ReportModel& page);
  /// Moves the files into `target`; mends the page, if some stay where they are, and the summary.
  void carry_out(const std::filesystem::path& target, const ClusterResult& result, ReportModel& page,
                 ClusterSummary& summary, const Context& context);
  bool wanted() const { return wanted_; }

 private:
  bool wanted_;
  std::vector<FileStamp> seen_;
  MovePlan plan_;
};

/// What `--dry-run` says of moving these files, in lines.
std::string describe_moving(const Catalogue& catalogue, const std::filesystem::path& out);

}  // namespace simile
