// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <ostream>

#include "cli/command.hpp"
#include "cli/completion.hpp"
#include "cli/result_options.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/predict.hpp"

namespace simile::cli {
namespace {

struct PredictFlags {
  PredictOptions options;
  RunOptions run;
  std::string strategy = "diverse";
  std::int64_t seed = 0;
  bool json = false;
};

void execute(PredictFlags& flags, const Session& session) {
  flags.options.strategy = parse_next_strategy(flags.strategy);
  flags.options.seed = static_cast<std::uint64_t>(flags.seed);
  const RunContext context(flags.run, session);
  const PredictSummary summary = run_predict(flags.options, context.get());
  std::ostream& out = session.streams.out;
  if (flags.json) {
    out << to_json(summary);
    return;
  }
  out << format_counted(summary.num_predicted, "image", "images") << " predicted, "
      << format_double(std::round(1000 * summary.mean_probability) / 10) << "% sure on average\n";
  if (summary.num_judged > 0) {
    out << format_share(static_cast<double>(summary.num_right) / static_cast<double>(summary.num_judged)) << " of "
        << format_counted(summary.num_judged, "image", "images")
        << " with a known class that it was not trained on are right\n";
  }
  if (summary.num_predicted < summary.num_items) {
    out << format_counted(summary.num_items - summary.num_predicted, "image has", "images have")
        << " values that are not finite: left out\n";
  }
  out << "predictions: " << summary.output << '\n';
}

}  // namespace

Command add_predict_command(CLI::App& program) {
  auto flags = std::make_shared<PredictFlags>();
  PredictOptions& options = flags->options;
  CLI::App* const app =
      program.add_subcommand("predict", "Predict classes by what simile train helper or finetune made");
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  app->add_option("EMBEDDINGS", options.input, "A .npy of embeddings, like those that the helper was trained on")
      ->required()
      ->type_name("");
  app->add_option("--model", options.model, "The helper's folder")
      ->required()
      ->type_name("DIR")
      ->multi_option_policy(last);
  app->add_option("-o,--out", options.out, "CSV of the predictions, the most certain first")
      ->type_name("FILE.csv")
      ->default_str("predictions.csv")
      ->multi_option_policy(last);
  app->add_option("--probabilities", options.probabilities, "Also write the probabilities of all classes")
      ->type_name("FILE.npy")
      ->multi_option_policy(last);
  app->add_option("--page", options.page, "Also write a page of the most and the least certain")
      ->type_name("FILE.html")
      ->multi_option_policy(last);
  app->add_option("--images", options.images, "The images that the embeddings were made of, for the page")
      ->type_name("PHOTOS")
      ->multi_option_policy(last);
  add_truth_option(*app, options.truth);
  add_integer(*app, "--next", options.next, 0, 1'000'000, "Also name so many images for labelling, in next.csv")
      ->default_str("0");
  offer_words(
      app->add_option("--strategy", flags->strategy, "How they are chosen: diverse, margin, entropy, centres or random")
          ->type_name("HOW")
          ->default_str("diverse")
          ->multi_option_policy(last),
      {"diverse", "margin", "entropy", "centres", "random"});
  add_integer(*app, "--seed", flags->seed, 0, std::numeric_limits<std::int64_t>::max(), "Seed of these choices")
      ->default_str("0");
  app->add_flag("--overwrite", options.overwrite, "Replace earlier files");
  app->add_flag("--json", flags->json, "Print a summary as JSON");
  add_run_options(*app, flags->run);
  app->footer(kSettingsHelp);
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
