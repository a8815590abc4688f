// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "cli/command.hpp"
#include "cli/completion.hpp"
#include "cli/helper_options.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/pipeline/fine_tune.hpp"

namespace simile::cli {
namespace {

struct TrainFinetuneFlags {
  FineTuneOptions options;
  HelperFlags shared;
  RunOptions run;
};

/// "all" is 0.
std::int64_t parse_stages(const std::string& text) {
  if (text == "all") return 0;
  std::int64_t stages = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), stages);
  if (error == std::errc() && end == text.data() + text.size() && stages >= 1) return stages;
  throw Error(ErrorCode::invalid_argument, concat("--stages ", in_quotes(text), ": allowed are all, and 1 and more"));
}

/// What an update is not told is as in the earlier training.
void take_earlier(const CLI::App& app, FineTuneOptions& options) {
  if (!options.update) return;
  const auto earlier = settings_of_earlier(options.out);
  if (!earlier) return;
  const FineTuningOptions given = options.training;
  options.training = earlier->training;
  if (app.count("--stages") > 0) options.training.stages = given.stages;
  if (app.count("--epochs") > 0) options.training.epochs = given.epochs;
  if (app.count("--batch-size") > 0) options.training.batch_size = given.batch_size;
  if (app.count("--lr") > 0) options.training.learning_rate = given.learning_rate;
  options.training.balanced = given.balanced || earlier->training.balanced;
  options.training.mirror = given.mirror && earlier->training.mirror;
  if (app.count("--c") == 0) options.c = earlier->c;
}

void execute(const CLI::App& app, TrainFinetuneFlags& flags, const Session& session) {
  take_earlier(app, flags.options);
  take_helper_flags(flags.shared, session, flags.options);
  const RunContext context(flags.run, session);
  show_helper(flags.shared, session, run_fine_tune(flags.options, context.get()));
}

void add_training_options(CLI::App& app, FineTuneOptions& options) {
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  FineTuningOptions& training = options.training;
  offer_words(app.add_option_function<std::string>(
                     "--stages", [&training](const std::string& text) { training.stages = parse_stages(text); },
                     "How many of the network's stages are trained, counted from its end; all: the whole network")
                  ->type_name("N|all")
                  ->default_str("2")
                  ->multi_option_policy(last),
              {"all", "1", "2", "3"});
  add_integer(app, "--epochs", training.epochs, 1, 100'000,
              "Passes over the labelled images; an update makes half of them")
      ->default_str("8");
  add_integer(app, "--batch-size", training.batch_size, 1, 65'536, "Images of a step")->default_str("32");
  add_number(app, "--lr", training.learning_rate, "Highest learning rate of Adam")->default_str("0.0003");
  add_number(app, "--c", options.c, "Inverse strength of the penalty on the layer of classes, which is fitted first")
      ->default_str("10");
  app.add_flag("--balanced", training.balanced, "Let classes weigh the same, however many labels they have");
  app.add_flag_callback("--no-mirror", [&training] { training.mirror = false; }, "Do not mirror images at random");
  add_number(app, "--held-out", options.evaluation.held_out,
             "Measure on this share of the labels, by a training without them; 0: do not measure")
      ->default_str("0.2");
}

}  // namespace

Command add_train_finetune_command(CLI::App& train) {
  auto flags = std::make_shared<TrainFinetuneFlags>();
  FineTuneOptions& options = flags->options;
  CLI::App* const app =
      train.add_subcommand("finetune", "Train a network's last stages on labelled photos: a model and a helper in one");
  app->add_option("PHOTOS", options.input, "A folder, a list of paths, an IDX file, or a .npy of images")
      ->required()
      ->type_name("");
  add_model_options(*app, options.reading.network);
  add_helper_options(*app, flags->shared, options);
  add_training_options(*app, options);
  add_helper_outputs(*app, flags->shared, options);
  add_reading_options(*app, options.listing, options.reading);
  add_run_options(*app, flags->run);
  add_network_device_option(*app, flags->run);
  app->footer(concat(
      "DIR is a model and a helper. With it,\n"
      "  simile embed PHOTOS --model DIR --out F.npy\n"
      "  simile predict F.npy --model DIR\n"
      "\nIt takes minutes on a CPU where simile train helper takes a second, and pays where that is not sure enough\n"
      "and there are some hundred labels. At its end all PHOTOS are embedded, for next.csv and the report.\n\n",
      kSettingsHelp));
  return {app, [app, flags](const Session& session) { execute(*app, *flags, session); }};
}

}  // namespace simile::cli
