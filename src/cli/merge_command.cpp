// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/command.hpp"
#include "cli/result_options.hpp"

#include "simile/core/text.hpp"
#include "simile/pipeline/merge.hpp"

namespace simile::cli {
namespace {

struct MergeFlags {
  MergeOptions options;
  RunOptions run;
  std::int64_t checkpoint_seconds = 60;
  std::int64_t max_decode_seconds = -1;  ///< as the batches say
  bool dry_run = false;
  bool json = false;
};

void execute(MergeFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  flags.options.arguments = session.arguments;
  flags.options.checkpoint_seconds = static_cast<double>(flags.checkpoint_seconds);
  if (flags.max_decode_seconds >= 0) flags.options.max_decode_seconds = flags.max_decode_seconds;
  if (flags.dry_run) {
    session.streams.out << plan_merge(flags.options, context.get());
    return;
  }
  const ClusterSummary summary = run_merge(flags.options, context.get());
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_summary(session.streams.out, summary);
  }
}

}  // namespace

Command add_merge_command(CLI::App& program) {
  auto flags = std::make_shared<MergeFlags>();
  MergeOptions& options = flags->options;
  CLI::App* const app = program.add_subcommand("merge", "Merge batches that simile cluster --no-merge left apart");
  app->add_option("DIR", options.folders, "Result folders of simile cluster --batch-size N --no-merge")
      ->required()
      ->type_name("");
  app->add_option("--input", options.inputs, "Where the photos are now, if they were moved; once a DIR, in their order")
      ->type_name("PHOTOS")
      ->allow_extra_args(false);  // one a flag: the next word may be DIR
  add_threshold(*app, options.threshold,
                "Groups become one where representatives are at least this similar (default: as within the batches)");
  add_integer(*app, "--min-size", options.min_size, 1, 1LL << 40, "Smaller groups are outliers")->default_str("2");
  add_checkpoint_option(*app, flags->checkpoint_seconds);
  add_truth_option(*app, options.truth);
  add_folder_options(*app, options.out, "DIR_merged", options.overwrite, options.transfer);
  add_decode_time(*app, flags->max_decode_seconds)->default_str("as within the batches");
  add_cache_options(*app, options.cache);
  add_output_options(*app, flags->dry_run, flags->json);
  add_run_options(*app, flags->run);
  add_device_option(*app, flags->run);
  app->footer(
      concat("In place: --out DIR --overwrite. Photos are read again only where the cache does not have them.\n\n",
             kSettingsHelp));
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
