// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/completion.hpp"
#include "cli/helper_options.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/pipeline/train_helper.hpp"

namespace simile::cli {
namespace {

struct TrainHelperFlags {
  TrainHelperOptions options;
  HelperFlags shared;
  RunOptions run;
  std::string kind = "linear";
  std::int64_t folds = 5;
};

/// What an update is not told is as the earlier helper has it.
void take_earlier(const CLI::App& app, TrainHelperFlags& flags) {
  TrainHelperOptions& options = flags.options;
  if (!options.update || !is_helper(options.out)) return;
  const Helper earlier = read_helper(options.out);
  if (earlier.kind == HelperKind::finetune) {
    throw Error(ErrorCode::invalid_argument,
                concat("--update: ", in_quotes(options.out.native()),
                       " is a fine-tuned network: simile train finetune PHOTOS --update goes on with it"));
  }
  if (app.count("--kind") == 0) flags.kind = to_string(earlier.kind);
  if (app.count("--c") == 0) options.probe.c = earlier.probe.c;
  options.probe.balanced = options.probe.balanced || earlier.probe.balanced;
  if (app.count("--hidden") == 0 && earlier.kind == HelperKind::mlp) {
    options.mlp.hidden = earlier.layers.front().num_classes();
  }
}

/// Throws invalid_argument for a flag without effect.
void check_effects(const CLI::App& app, HelperKind kind) {
  const bool mlp = kind == HelperKind::mlp;
  for (const char* const flag : {"--hidden", "--epochs", "--lr", "--c"}) {
    const bool of_mlp = std::string_view(flag) != "--c";
    if (app.count(flag) == 0 || of_mlp == mlp) continue;
    throw Error(ErrorCode::invalid_argument, concat(flag, ": no effect with --kind ", to_string(kind)));
  }
  if (app.count("--folds") > 0 && app.count("--held-out") > 0) {
    throw Error(ErrorCode::invalid_argument, "--folds: no effect with --held-out");
  }
}

void execute(const CLI::App& app, TrainHelperFlags& flags, const Session& session) {
  TrainHelperOptions& options = flags.options;
  take_earlier(app, flags);
  options.kind = parse_helper_kind(flags.kind);
  options.evaluation.folds = static_cast<int>(flags.folds);
  take_helper_flags(flags.shared, session, options);
  check_effects(app, options.kind);
  // A fit takes a fraction of a second on the CPU: the GPU is for who asks for it.
  if (flags.run.device == "auto") flags.run.device = "cpu";
  const RunContext context(flags.run, session);
  show_helper(flags.shared, session, run_train_helper(options, context.get()));
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
  add_helper_options(*app, flags->shared, options);
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
  add_integer(*app, "--epochs", options.mlp.epochs, 1, 100'000,
              "Passes over the labels, of mlp; an update makes a quarter of them")
      ->default_str("200");
  app->add_option("--lr", options.mlp.learning_rate, "Learning rate, of mlp")
      ->type_name("NUMBER")
      ->default_str("0.001")
      ->multi_option_policy(last);
  add_helper_outputs(*app, flags->shared, options);
  add_run_options(*app, flags->run);
  add_network_device_option(*app, flags->run);
  app->footer(concat(
      "Paths in labels are those of the embeddings' .csv. DIR/next.csv names the images whose labels would "
      "teach most: fill\n"
      "in its column label (empty ones are skipped), then\n"
      "  simile train helper EMBEDDINGS --labels DIR/next.csv --out DIR --update\n"
      "linear suits most; mlp takes much longer, above all to evaluate (--folds 0 leaves that out); simile train\n"
      "finetune trains the network itself, on the photos.\n\n",
      kSettingsHelp));
  return {app, [app, flags](const Session& session) { execute(*app, *flags, session); }};
}

}  // namespace simile::cli
