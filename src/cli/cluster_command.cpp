// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ostream>

#include "cli/command.hpp"
#include "cli/completion.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/cluster.hpp"

namespace simile::cli {
namespace {

struct ClusterFlags {
  ClusterOptions options;
  RunOptions run;
  std::int64_t seed = 0;
  std::int64_t checkpoint_seconds = 60;
  bool dry_run = false;
  bool json = false;
};

void print_work(std::ostream& out, const ClusterSummary& summary) {
  const CompareStats& work = summary.compare;
  out << format_counted(work.pairs, "pair", "pairs") << " in " << format_duration(work.seconds) << " ("
      << format_rate(summary.pairs_per_second()) << " pairs/s): " << format_count(work.pairs_skipped) << " skipped, "
      << format_count(summary.pairs_by_bounds()) << " by bounds, " << format_count(work.exact_evaluations)
      << " exactly; a plain double loop would take about " << format_duration(summary.plain_loop_seconds) << '\n';
}

void print_headline(std::ostream& out, const ClusterSummary& summary) {
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
        << format_share(summary.share_compared()) << " of all " << format_count(summary.num_all_pairs())
        << " pairs, so groups may differ from those of every pair\n";
  }
  if (summary.compare.pairs_resumed > 0) {
    out << format_counted(summary.compare.pairs_resumed, "pair was", "pairs were")
        << " compared by an earlier run that was stopped\n";
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
  out << "report: " << (std::filesystem::path(summary.output) / "report.html").native() << '\n';
}

void execute(ClusterFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  flags.options.seed = static_cast<std::uint64_t>(flags.seed);
  flags.options.arguments = session.arguments;
  flags.options.checkpoint_seconds = static_cast<double>(flags.checkpoint_seconds);
  if (flags.dry_run) {
    session.streams.out << plan_cluster(flags.options, context.get());
    return;
  }
  const ClusterSummary summary = run_cluster(flags.options, context.get());
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_headline(session.streams.out, summary);
  }
}

/// The methods in lines of their own, for the end of the help.
std::string describe_methods() {
  std::string text = "Methods, and from which similarity on they call images alike by default:\n";
  for (const auto& method : methods()) {
    text += concat("  ", method.name, std::string(11 - std::min<std::size_t>(method.name.size(), 10), ' '),
                   method.summary, " (", method.default_threshold, ")\n");
  }
  return text;
}

}  // namespace

Command add_cluster_command(CLI::App& program) {
  auto flags = std::make_shared<ClusterFlags>();
  ClusterOptions& options = flags->options;
  CLI::App* const app = program.add_subcommand("cluster", "Group a folder of photos by how alike they are");
  app->add_option("PHOTOS", options.input, "A folder, a list of paths, an IDX file, or a .npy of images or features")
      ->required()
      ->type_name("");
  add_input_options(*app, options.listing, options.features, true);
  add_window(*app, options.metric.window);
  add_threshold(*app, options.threshold, "Pairs at least this similar are alike, up to 1; each method has its default");
  app->add_flag("--auto-threshold", options.auto_threshold,
                "Take the threshold that a random sample advises (simile threshold shows more)");
  add_integer(*app, "--min-size", options.min_size, 1, 1LL << 40, "Smaller groups are outliers")->default_str("2");
  app->add_flag("--no-chain", options.no_chain, "Only groups in which every pair is alike (complete linkage)");
  add_integer(*app, "--batch-size", options.batch_size, 2, 1LL << 40,
              "Compare within batches of so many images, then their representatives: fewer pairs, not exact")
      ->default_str("every pair");
  app->add_flag_callback(
      "--no-merge", [&options] { options.merge_batches = false; },
      "Leave the groups of batches apart");
  add_integer(*app, "--checkpoint", flags->checkpoint_seconds, 0, 86400,
              "Seconds between two writes of unfinished work, which a later run goes on from")
      ->default_str("60");
  app->add_option("--truth", options.truth, "True classes for purity: CSV path,label; IDX labels; or the word folders")
      ->type_name("FILE|folders")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_option("-o,--out", options.out, "Result folder")
      ->type_name("DIR")
      ->default_str("PHOTOS_clustered")
      ->check([](const std::string& text) { return text.empty() ? "'' names no folder" : ""; })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_flag("--overwrite", options.overwrite, "Replace an earlier result");
  CLI::Option* const transfer =
      app->add_option_function<std::string>(
             "--transfer", [&options](const std::string& text) { options.transfer = parse_transfer(text); },
             "Also put the photos into a folder per group: none, copy, link or move (simile undo)")
          ->type_name("HOW")
          ->default_str("none")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  offer_words(transfer, {kTransferNames.begin(), kTransferNames.end()});
  app->add_flag("--similarities", options.similarities, "Also write every similar pair to similarities.csv");
  add_integer(*app, "--max-edges", options.max_edges, 1, 1LL << 40, "Give up beyond this many similar pairs")
      ->default_str("100000000");
  add_integer(*app, "--seed", flags->seed, 0, std::numeric_limits<std::int64_t>::max(),
              "Seed of the sample that chooses representatives of large groups")
      ->default_str("0");
  auto* const dry_run = app->add_flag("--dry-run", flags->dry_run, "Only say what would be done");
  app->add_flag("--json", flags->json, "Print the summary as JSON; not with --dry-run")->excludes(dry_run);
  add_run_options(*app, flags->run);
  add_device_option(*app, flags->run);
  app->footer(concat(describe_methods(), "\n", kSettingsHelp));
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
