// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/features.hpp"

namespace simile::cli {
namespace {

struct FeaturesFlags {
  FeaturesOptions options;
  RunOptions run;
};

void execute(const FeaturesFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  const FeaturesSummary summary = run_features(flags.options, context.get());
  session.streams.out << format_counted(summary.num_rows, "image", "images") << " written to "
                      << in_quotes(flags.options.out.native()) << '\n';
  for (const auto& [id, reason] : summary.unreadable) {
    session.streams.err << "simile: unreadable: " << in_quotes(id) << ": " << reason << '\n';
  }
}

}  // namespace

Command add_features_command(CLI::App& program) {
  auto flags = std::make_shared<FeaturesFlags>();
  FeaturesOptions& options = flags->options;
  CLI::App* const app = program.add_subcommand("features", "Write what is compared to a .npy, to be clustered later");
  app->add_option("PHOTOS", options.input, "A folder, a list of paths, an IDX file, or a .npy of images")
      ->required()
      ->type_name("");
  add_input_options(*app, options.listing, options.features);
  app->add_option("-o,--out", options.out, "File to write; a .csv with the paths and a .json come with it")
      ->type_name("FILE.npy")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_flag("--overwrite", options.overwrite, "Replace files that exist");
  add_run_options(*app, flags->run);
  app->footer(kSettingsHelp);
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
