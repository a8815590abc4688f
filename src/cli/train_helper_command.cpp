// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <ostream>

#include "cli/command.hpp"
#include "cli/completion.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/train_helper.hpp"

namespace simile::cli {
namespace {

struct TrainHelperFlags {
  TrainHelperOptions options;
  RunOptions run;
  std::string kind = "linear";
  std::string strategy = "diverse";
  std::int64_t folds = 5;
  std::int64_t seed = 0;
  bool json = false;
};

std::string points(double share) { return format_double(std::round(1000 * share) / 10); }

void print_headline(std::ostream& out, const TrainHelperSummary& summary) {
  out << "trained on " << format_counted(summary.num_labels, "label", "labels") << " of "
      << format_counted(summary.num_classes, "class", "classes");
  if (summary.warm) out << ", from where the earlier helper stood";
  out << '\n';
  if (!summary.how.empty()) {
    out << "accuracy " << points(summary.accuracy) << "% (" << summary.how << "), mean F1 " << points(summary.macro_f1)
        << "%; calibration error " << points(summary.calibration_error) << "%, before calibration "
        << points(summary.calibration_error_before) << "%\n";
    if (summary.num_earlier > 0) {
      out << "(of the labelled images: those that next.csv named are hard ones, so expect more of the rest)\n";
    }
  } else {
    out << "nothing was held out, so the accuracy is not known\n";
  }
  if (summary.num_single > 0) {
    out << format_counted(summary.num_single, "class has", "classes have")
        << " one label only: trained on, but not measured\n";
  }
  if (summary.num_unknown > 0) {
    out << format_counted(summary.num_unknown, "label is", "labels are")
        << " of images that are not in the set: ignored_labels.csv names them\n";
  }
  if (summary.advice.known) {
    out << "the next " << kAdvisedLabels << " labels may bring " << points(summary.advice.gain) << " points"
        << (summary.advice.stop ? ": labelling can stop here\n" : "; next.csv names images to label\n");
  }
  out << "report: " << (std::filesystem::path(summary.output) / "report.html").native() << '\n';
}

void execute(TrainHelperFlags& flags, const Session& session) {
  TrainHelperOptions& options = flags.options;
  options.kind = parse_helper_kind(flags.kind);
  options.strategy = parse_next_strategy(flags.strategy);
  options.evaluation.folds = static_cast<int>(flags.folds);
  options.seed = static_cast<std::uint64_t>(flags.seed);
  options.arguments = session.arguments;
  const RunContext context(flags.run, session);
  const TrainHelperSummary summary = run_train_helper(options, context.get());
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_headline(session.streams.out, summary);
  }
}

}  // namespace

Command add_train_helper_command(CLI::App& train) {
  auto flags = std::make_shared<TrainHelperFlags>();
  TrainHelperOptions& options = flags->options;
  CLI::App* const app = train.add_subcommand("helper", "Learn classes from labels, on embeddings");
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  app->add_option("EMBEDDINGS", options.input, "A .npy of embeddings, as simile embed writes it")
      ->required()
      ->type_name("");
  app->add_option("--labels", options.labels,
                  "Labels: a CSV path,label (may be repeated), or the word folders: the folder that holds the image")
      ->type_name("FILE|folders")
      ->allow_extra_args(false);
  app->add_option("-o,--out", options.out, "The helper's folder")
      ->required()
      ->type_name("DIR")
      ->multi_option_policy(last);
  auto* const overwrite = app->add_flag("--overwrite", options.overwrite, "Replace an earlier helper");
  app->add_flag("--update", options.update,
                "Go on from the helper in DIR, if there is one: its labels count, too, but for those given anew")
      ->excludes(overwrite);
  offer_words(app->add_option("--kind", flags->kind, "linear, ridge or mlp")
                  ->type_name("KIND")
                  ->default_str("linear")
                  ->multi_option_policy(last),
              {"linear", "ridge", "mlp"});
  app->add_option("--c", options.probe.c, "Inverse strength of the penalty on weights, of linear and ridge")
      ->type_name("NUMBER")
      ->default_str("10")
      ->multi_option_policy(last);
  app->add_flag("--balanced", options.probe.balanced, "Let classes weigh the same, however many labels they have");
  add_integer(*app, "--folds", flags->folds, 0, 100, "Folds of cross-validation; 0: none")->default_str("5");
  app->add_option("--held-out", options.evaluation.held_out, "Measure on this share, once, instead")
      ->type_name("SHARE")
      ->multi_option_policy(last);
  add_integer(*app, "--hidden", options.mlp.hidden, 1, 65536, "Width of the hidden layer, of mlp")->default_str("256");
  add_integer(*app, "--epochs", options.mlp.epochs, 1, 100'000, "Passes over the labels, of mlp")->default_str("200");
  app->add_option("--lr", options.mlp.learning_rate, "Learning rate, of mlp")
      ->type_name("NUMBER")
      ->default_str("0.001")
      ->multi_option_policy(last);
  add_integer(*app, "--next", options.next, 0, 1'000'000, "Images to name for labelling")->default_str("50");
  offer_words(
      app->add_option("--strategy", flags->strategy, "How they are chosen: diverse, margin, entropy, centres or random")
          ->type_name("HOW")
          ->default_str("diverse")
          ->multi_option_policy(last),
      {"diverse", "margin", "entropy", "centres", "random"});
  add_integer(*app, "--seed", flags->seed, 0, std::numeric_limits<std::int64_t>::max(), "Seed of folds and choices")
      ->default_str("0");
  app->add_flag("--json", flags->json, "Print the summary as JSON");
  add_run_options(*app, flags->run);
  app->footer(
      concat("Paths in labels are those of the embeddings' .csv. DIR/next.csv names the images whose labels would "
             "teach most: fill\n"
             "in its column label (empty ones are skipped), then\n"
             "  simile train helper EMBEDDINGS --labels DIR/next.csv --out DIR --update\n"
             "linear suits most; mlp takes much longer, above all to evaluate (--folds 0 leaves that out).\n\n",
             kSettingsHelp));
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
