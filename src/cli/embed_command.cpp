// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/features.hpp"

namespace simile::cli {
namespace {

struct EmbedFlags {
  FeaturesOptions options;
  RunOptions run;
};

/// "3,781 vectors of 1,280 values by tf_efficientnet_lite0 (2,000 kept from earlier), 83 images/s".
std::string headline(const FeaturesSummary& summary) {
  std::string text = concat(format_counted(summary.num_rows, "vector", "vectors"), " of ",
                            format_count(summary.row_size), " values by ", summary.model);
  if (summary.num_kept > 0) text += concat(", ", format_count(summary.num_kept), " kept from an earlier run");
  if (const double rate = summary.images_per_second(); rate > 0) {
    text += concat(", ", format_count(static_cast<std::int64_t>(rate + 0.5)), " images/s");
  }
  return text;
}

void execute(const EmbedFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  const FeaturesSummary summary = run_features(flags.options, context.get());
  session.streams.out << headline(summary) << ", written to " << in_quotes(flags.options.out.native()) << '\n';
  for (const auto& [id, reason] : summary.unreadable) {
    session.streams.err << "simile: unreadable: " << in_quotes(id) << ": " << reason << '\n';
  }
}

}  // namespace

Command add_embed_command(CLI::App& program) {
  auto flags = std::make_shared<EmbedFlags>();
  FeaturesOptions& options = flags->options;
  options.features.method = Method::embedding;
  options.images_only = true;
  CLI::App* const app =
      program.add_subcommand("embed", "Turn images into vectors by a pretrained or a trained network");
  app->add_option("PHOTOS", options.input, "A folder, a list of paths, an IDX file, or a .npy of images")
      ->required()
      ->type_name("");
  add_network_options(*app, options.features.network);
  app->add_option("-o,--out", options.out, "File to write; a .csv with the paths and a .json come with it")
      ->type_name("FILE.npy")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_flag("--overwrite", options.overwrite, "Replace files that exist");
  add_reading_options(*app, options.listing, options.features);
  add_run_options(*app, flags->run);
  add_network_device_option(*app, flags->run);
  app->footer(concat("A run that was stopped goes on where it was: vectors of files are kept in the cache.\n\n",
                     kSettingsHelp));
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
