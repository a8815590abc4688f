// SPDX-License-Identifier: Apache-2.0
#include "pipeline/moving.hpp"

#include "pipeline/report_page.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/report/cluster_report.hpp"

namespace simile {

namespace fs = std::filesystem;

Moving::Moving(Transfer transfer, const Catalogue& catalogue) : wanted_(transfer == Transfer::move) {
  if (wanted_) seen_ = stamp_files(catalogue);
}

void Moving::plan(const fs::path& folder, const fs::path& target, const ClusterResult& result, ReportModel& page) {
  if (!wanted_) return;
  plan_ = plan_moves(result, seen_);
  write_move_plan(folder, plan_);
  show_where_photos_are(page, target, result, plan_, plan_.refused);
}

void Moving::carry_out(const fs::path& target, const ClusterResult& result, ReportModel& page, ClusterSummary& summary,
                       const Context& context) {
  if (!wanted_) return;
  const auto errors = move_files(target, result, plan_, context);
  summary.num_transfer_errors = std::ssize(errors);
  summary.num_moved = result.clustering.num_items() - std::ssize(errors);
  if (std::ssize(errors) == std::ssize(plan_.refused)) return;
  show_where_photos_are(page, target, result, plan_, errors);
  write_report_page(target, page);
}

std::string describe_moving(const Catalogue& catalogue, const fs::path& out) {
  std::int64_t bytes = 0;
  std::int64_t count = 0;
  std::string stays;
  const auto stamps = stamp_files(catalogue);
  for (std::int64_t item = 0; item < catalogue.size(); ++item) {
    const FileStamp& stamp = stamps[static_cast<std::size_t>(item)];
    if (stamp.bytes < 0) {
      stays += concat("stays: ", in_quotes(catalogue.file(item).native()), ", which is no regular file\n");
    } else {
      bytes += stamp.bytes;
      ++count;
    }
  }
  return concat("move: ", format_counted(count, "file", "files"), " (", format_bytes(bytes),
                "), those that can be read, ", "below ", in_quotes((out / "results").native()),
                "; the plan will be in moves.csv, and simile undo ", in_quotes(out.native()), " takes it back\n",
                stays);
}

}  // namespace simile
