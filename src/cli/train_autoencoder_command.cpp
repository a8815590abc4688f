// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/command.hpp"
#include "cli/completion.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/train_autoencoder.hpp"

namespace simile::cli {
namespace {

struct TrainAutoencoderFlags {
  TrainAutoencoderOptions options;
  RunOptions run;
  std::int64_t seed = 0;
  bool json = false;
};

void print(std::ostream& out, const TrainAutoencoderSummary& summary) {
  const EpochRecord& best = *summary.history.best();
  out << (summary.was_finished ? "This training was finished before: " : "")
      << format_counted(summary.num_images, "image", "images") << ", "
      << format_counted(summary.history.num_epochs(), "epoch", "epochs") << " in " << format_duration(summary.seconds)
      << (summary.end == TrainingEnd::patience ? " (no better one for a while)" : "") << ", the best " << best.epoch
      << " with validation loss " << format_double(best.validation_loss) << '\n'
      << summary.dimensions << " values an image; the model is " << in_quotes(summary.output) << '\n';
}

void execute(TrainAutoencoderFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  flags.options.training.seed = static_cast<std::uint64_t>(flags.seed);
  flags.options.arguments = session.arguments;
  const TrainAutoencoderSummary summary = run_train_autoencoder(flags.options, context.get());
  for (const auto& [id, reason] : summary.unreadable) {
    session.streams.err << "simile: unreadable: " << in_quotes(id) << ": " << reason << '\n';
  }
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print(session.streams.out, summary);
  }
}

void add_training_options(CLI::App& app, TrainAutoencoderFlags& flags) {
  AutoencoderOptions& training = flags.options.training;
  offer_words(app.add_option_function<std::string>(
                     "--loss", [&training](const std::string& text) { training.loss = parse_autoencoder_loss(text); },
                     "What reconstructions are judged by: mse, l1 or perceptual (feature maps of a network)")
                  ->type_name("LOSS")
                  ->default_str("mse")
                  ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast),
              {"mse", "l1", "perceptual"});
  add_integer(app, "--size", training.side_px, kMinAutoencoderSidePx, kMaxAutoencoderSidePx,
              "Side to which images are resized: 32, 64, 128, 256, 512 or 1024 pixels")
      ->default_str("64");
  add_integer(app, "--epochs", training.epochs, 1, 100'000,
              "Times that all images are seen, at most; more of them "
              "later go on from where these end")
      ->default_str("30");
  add_number(app, "--lr", training.learning_rate, "Learning rate of Adam; a tenth of it after every 10 epochs")
      ->default_str("0.001");
  add_integer(app, "--batch-size", training.batch_size, 1, 65'536, "Images of a step")->default_str("128");
  add_integer(app, "--patience", training.patience, 1, 100'000, "End after so many epochs without a better one")
      ->default_str("10");
  add_number(app, "--validation", training.validation_share, "Share of the images that only judge, 0 to 0.5")
      ->default_str("0.1");
  app.add_flag("--augment", training.augment, "Mirror and shift images at random");
  add_integer(app, "--seed", flags.seed, 0, (1LL << 62), "Of all that is random")->default_str("0");
  offer_words(
      app.add_option_function<std::string>(
             "--precision", [&training](const std::string& text) { training.precision = parse_precision(text); },
             "Of the layers: fp32, or bf16 where the processor has it")
          ->type_name("P")
          ->default_str("fp32")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast),
      {"fp32", "bf16"});
  app.add_option("--perceptual-model", flags.options.perceptual_model,
                 "perceptual: the network to judge by, a name (simile model list), a folder or a file")
      ->type_name("MODEL")
      ->default_str("vgg19")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option_function<std::string>(
         "--perceptual-layers",
         [&flags](const std::string& text) {
           flags.options.perceptual_layers.clear();
           for_each_part(text, ',', [&](std::string_view part) { flags.options.perceptual_layers.emplace_back(part); });
         },
         "perceptual: whose outputs are compared, with commas between")
      ->type_name("LAYERS")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

}  // namespace

Command add_train_autoencoder_command(CLI::App& train) {
  auto flags = std::make_shared<TrainAutoencoderFlags>();
  TrainAutoencoderOptions& options = flags->options;
  CLI::App* const app =
      train.add_subcommand("autoencoder", "Train an autoencoder, whose encoder turns photos into vectors");
  app->add_option("PHOTOS", options.input, "A folder, a list of paths, an IDX file, or a .npy of images")
      ->required()
      ->type_name("");
  add_training_options(*app, *flags);
  app->add_option("-o,--out", options.out, "Folder of the model; an unfinished training there is gone on with")
      ->type_name("DIR")
      ->default_str("PHOTOS_autoencoder")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_flag("--overwrite", options.overwrite, "Replace another training");
  add_integer(*app, "--grid-every", options.grid_every, 0, 100'000,
              "Epochs between pictures of reconstructions; 0: none")
      ->default_str("10");
  add_reading_options(*app, options.listing, options.reading);
  app->add_flag("--json", flags->json, "Print the summary as JSON");
  add_run_options(*app, flags->run);
  add_network_device_option(*app, flags->run);
  app->footer(kSettingsHelp);
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
