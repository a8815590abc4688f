// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ostream>

#include "cli/command.hpp"
#include "cli/result_options.hpp"

#include "simile/core/text.hpp"
#include "simile/pipeline/cluster.hpp"
#include "simile/pipeline/train_autoencoder.hpp"

namespace simile::cli {
namespace {

struct ClusterFlags {
  ClusterOptions options;
  RunOptions run;
  std::int64_t seed = 0;
  std::int64_t checkpoint_seconds = 60;
  bool train = false;
  bool dry_run = false;
  bool json = false;
};

void execute(ClusterFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  flags.options.seed = static_cast<std::uint64_t>(flags.seed);
  flags.options.arguments = session.arguments;
  flags.options.checkpoint_seconds = static_cast<double>(flags.checkpoint_seconds);
  if (flags.dry_run) {
    const std::string plan = plan_cluster(flags.options, context.get());
    const std::string training = flags.train ? plan_missing_model(flags.options.features) : std::string();
    session.streams.out << (training.empty() ? std::string() : training + "\n") << plan;
    return;
  }
  if (flags.train) {
    plan_cluster(flags.options, context.get());  // what is wrong is said before hours of training
    train_missing_model(flags.options.input, flags.options.listing, flags.options.features, session.arguments,
                        context.get());
  }
  const ClusterSummary summary = run_cluster(flags.options, context.get());
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_summary(session.streams.out, summary);
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
  add_input_options(*app, options.listing, options.features);
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
      "--no-merge", [&options] { options.merge_batches = false; }, "Leave the groups of batches apart (simile merge)");
  app->add_flag("--train", flags->train,
                "embedding: where --model names no model, train an autoencoder there first (simile train autoencoder)");
  add_checkpoint_option(*app, flags->checkpoint_seconds);
  add_truth_option(*app, options.truth);
  add_folder_options(*app, options.out, "PHOTOS_clustered", options.overwrite, options.transfer);
  app->add_flag("--similarities", options.similarities, "Also write every similar pair to similarities.csv");
  add_integer(*app, "--max-edges", options.max_edges, 1, 1LL << 40, "Give up beyond this many similar pairs")
      ->default_str("100000000");
  add_integer(*app, "--seed", flags->seed, 0, std::numeric_limits<std::int64_t>::max(),
              "Seed of the sample that chooses representatives of large groups")
      ->default_str("0");
  add_output_options(*app, flags->dry_run, flags->json);
  add_run_options(*app, flags->run);
  add_device_option(*app, flags->run);
  app->footer(concat(describe_methods(), "\n", kSettingsHelp));
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
