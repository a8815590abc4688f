// SPDX-License-Identifier: Apache-2.0
#include "cli/result_options.hpp"

#include <ostream>

#include "cli/completion.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile::cli {
namespace {

void print_work(std::ostream& out, const ClusterSummary& summary) {
  const CompareStats& work = summary.compare;
  out << format_counted(work.pairs, "pair", "pairs") << " in " << format_duration(work.seconds) << " ("
      << format_rate(summary.pairs_per_second()) << " pairs/s): " << format_count(work.pairs_skipped) << " skipped, "
      << format_count(summary.pairs_by_bounds()) << " by bounds, " << format_count(work.exact_evaluations)
      << " exactly; a plain double loop would take about " << format_duration(summary.plain_loop_seconds) << '\n';
}

}  // namespace

void print_summary(std::ostream& out, const ClusterSummary& summary) {
  out << format_counted(summary.num_items, "image", "images") << ": ";
  if (summary.num_groups == 0) {
    out << "no groups";
  } else {
    out << format_counted(summary.num_groups, "group", "groups") << " of "
        << format_counted(summary.num_grouped, "image", "images") << " (" << format_share(summary.share_grouped())
        << " grouped, the largest " << format_count(summary.largest_group) << ")";
  }
  out << ", " << format_counted(summary.num_outliers, "outlier", "outliers");
  if (summary.num_unreadable > 0) out << ", " << format_count(summary.num_unreadable) << " unreadable";
  if (summary.num_repeats > 0)
    out << ", " << format_counted(summary.num_repeats, "repeat", "repeats") << " in the list";
  if (summary.num_links > 0)
    out << ", " << format_counted(summary.num_links, "symbolic link", "symbolic links") << " left out";
  if (summary.num_earlier_results > 0) {
    out << ", " << format_counted(summary.num_earlier_results, "earlier result", "earlier results") << " left out";
  }
  out << '\n';
  if (summary.num_judged > 0) {
    out << "purity of the grouped against the true classes: " << format_share(summary.purity) << '\n';
  } else if (summary.has_truth) {
    out << "no grouped image has a true class\n";
  }
  if (!summary.threshold_reason.empty()) {
    out << "threshold " << format_double(summary.threshold) << " was advised, because " << summary.threshold_reason
        << '\n';
  }
  if (summary.num_batches > 0) {
    out << format_counted(summary.num_batches, "batch", "batches") << ": " << format_count(summary.pairs_in_batches)
        << " pairs within them, " << format_count(summary.pairs_in_merge) << " of representatives; "
        << format_share(summary.share_compared()) << " of all " << format_count(summary.num_all_pairs()) << " pairs"
        << (summary.num_batches > 1 ? ", so groups may differ from those of every pair\n" : "\n");
  }
  if (summary.num_batches > 0 && !summary.merged) {
    out << "the batches are apart: simile merge " << in_quotes(summary.output) << " goes on from here\n";
  }
  if (summary.compare.pairs_resumed > 0) {
    out << format_counted(summary.compare.pairs_resumed, "pair was", "pairs were") << " compared by "
        << (summary.merged_from.empty() ? "an earlier run that was stopped" : "the runs that made the batches") << '\n';
  }
  print_work(out, summary);
  if (summary.transfer == Transfer::move) {
    out << format_counted(summary.num_moved, "file", "files") << " moved (simile undo " << in_quotes(summary.output)
        << " takes that back)\n";
  }
  if (summary.num_transfer_errors > 0) {
    out << format_counted(summary.num_transfer_errors, "file", "files")
        << " could not be transferred: transfer_errors.csv says why\n";
  }
  if (summary.num_groups == 0 && summary.num_outliers > 1 && summary.min_size <= 2) {
    out << "no two are alike from " << format_double(summary.threshold)
        << " on: simile threshold shows what lower thresholds give\n";
  }
  out << "report: " << (std::filesystem::path(summary.output) / "report.html").native() << '\n';
}

void add_truth_option(CLI::App& app, std::string& truth) {
  app.add_option("--truth", truth, "True classes to judge by: CSV path,label; IDX labels; or the word folders")
      ->type_name("FILE|folders")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_folder_options(CLI::App& app, std::filesystem::path& out, const std::string& shown_default, bool& overwrite,
                        Transfer& transfer) {
  app.add_option("-o,--out", out, "Result folder")
      ->type_name("DIR")
      ->default_str(shown_default)
      ->check([](const std::string& text) { return text.empty() ? "'' names no folder" : ""; })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_flag("--overwrite", overwrite, "Replace an earlier result");
  CLI::Option* const how =
      app.add_option_function<std::string>(
             "--transfer", [&transfer](const std::string& text) { transfer = parse_transfer(text); },
             "Also put the photos into a folder per group: none, copy, link or move (simile undo)")
          ->type_name("HOW")
          ->default_str("none")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  offer_words(how, {kTransferNames.begin(), kTransferNames.end()});
}

void add_checkpoint_option(CLI::App& app, std::int64_t& seconds) {
  add_integer(app, "--checkpoint", seconds, 0, 86400,
              "Seconds between two writes of unfinished work, which a later run goes on from")
      ->default_str("60");
}

void add_output_options(CLI::App& app, bool& dry_run, bool& json) {
  auto* const planned = app.add_flag("--dry-run", dry_run, "Only say what would be done");
  app.add_flag("--json", json, "Print the summary as JSON; not with --dry-run")->excludes(planned);
}

}  // namespace simile::cli
