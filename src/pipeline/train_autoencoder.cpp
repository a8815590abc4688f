// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/train_autoencoder.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "pipeline/features_key.hpp"
#include "pipeline/open.hpp"
#include "pipeline/perceptual_model.hpp"
#include "pipeline/target.hpp"
#include "pipeline/training_folder.hpp"
#include "pipeline/training_report.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_card.hpp"
#include "simile/model/model_store.hpp"
#include "simile/report/manifest.hpp"
#include "simile/train/helper.hpp"
#include "simile/train/training.hpp"
#include "simile/train/training_state.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::int64_t kGridImages = 16;
constexpr double kTablesSeconds = 5;

/// What decides the weights after an epoch, as the user names it. How many epochs there are does not.
ordered_json settings_of(const AutoencoderOptions& training, const std::optional<PerceptualModel>& perceptual,
                         const std::string& images, const Device& device) {
  ordered_json settings;
  settings["loss"] = to_string(training.loss);
  if (perceptual) {
    settings["perceptual-model"] = perceptual->card.name;
    settings["perceptual-weights"] = perceptual->sha256;
    settings["perceptual-layers"] = perceptual->layers;
  }
  settings["size"] = training.side_px;
  settings["lr"] = training.learning_rate;
  settings["batch-size"] = training.batch_size;
  settings["validation"] = training.validation_share;
  settings["seed"] = training.seed;
  settings["augment"] = training.augment;
  settings["precision"] = to_string(training.precision);
  settings["device"] = device.kind == Device::Kind::cuda ? "cuda" : "cpu";
  settings["set of images"] = images;
  return settings;
}

/// Evenly spaced.
std::vector<std::int64_t> some_of(const std::vector<std::int64_t>& rows, std::int64_t most) {
  const auto count = std::min<std::int64_t>(std::ssize(rows), most);
  std::vector<std::int64_t> some;
  for (std::int64_t k = 0; k < count; ++k) some.push_back(rows[static_cast<std::size_t>(k * std::ssize(rows) / count)]);
  return some;
}

/// Time since it was made.
class SinceThen {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// One training, from the images to the last file.
class Training {
 public:
  Training(const TrainAutoencoderOptions& options, const fs::path& out,
           const std::optional<PerceptualModel>& perceptual, const Dataset& dataset, const Extraction& extraction,
           const Context& context)
      : options_(options),
        dataset_(dataset),
        features_(extraction.features),
        context_(context),
        settings_(settings_of(options.training, perceptual, features_key(features_, {}), context.device)),
        key_(to_hex(sha256(settings_.dump()))),
        split_(split_images(features_.num_rows(), options.training.validation_share, options.training.seed)),
        shown_(some_of(split_.validation.empty() ? split_.train : split_.validation, kGridImages)),
        trainer_(autoencoder_backend(context.device)
                     .start(features_.colour_images.view(), options.training,
                            perceptual ? perceptual->network() : PerceptualNetwork{}, context.device,
                            context.pool.num_threads())),
        folder_(out, settings_, options.overwrite) {}

  void run(TrainAutoencoderSummary& summary) {
    resume(summary);
    if (summary.was_finished) return;
    write_split();
    write_unreadable(summary);
    try {
      run_epochs(*trainer_, options_.training, split_, history_, context_,
                 [&](const TrainingHistory&) { keep_epoch(); });
    } catch (...) {
      if (history_.num_epochs() > 0) write_tables_if_possible();
      throw;
    }
    finish(summary);
  }

 private:
  void resume(TrainAutoencoderSummary& summary) {
    summary.architecture = trainer_->architecture();
    summary.num_parameters = trainer_->num_parameters();
    summary.dimensions = trainer_->dimensions();
    summary.num_validation = std::ssize(split_.validation);
    if (!folder_.has_state()) return;
    const TrainingState state(folder_ / TrainingFolder::kState);
    if (state.key() != key_) {
      throw Error(ErrorCode::decode, concat(in_quotes((folder_ / TrainingFolder::kState).native()),
                                            " is of another training (--overwrite starts anew)"));
    }
    trainer_->restore(state.tensors());
    history_ = state.history();
    summary.num_resumed = history_.num_epochs();
    const bool complete = history_.end(options_.training) != TrainingEnd::none;
    summary.was_finished = complete && fs::exists(folder_ / TrainingFolder::kManifest);
    if (summary.was_finished) {
      describe(summary);
      return;
    }
    context_.progress.note(concat("going on after epoch ", history_.num_epochs(), " of an earlier run"));
    fs::remove(folder_ / TrainingFolder::kManifest);  // more epochs than before: no longer complete
  }

  /// The state comes last of what cannot be made again: a run killed in between repeats the epoch, with the same bits.
  void keep_epoch() {
    const EpochRecord& epoch = history_.epochs.back();
    if (epoch.best) {
      // No checksum before the end: card and weights are two files, and either may be the newer one for a moment.
      if (!has_open_card_) write_text(folder_ / TrainingFolder::kCard, to_json(card({})));
      has_open_card_ = true;
      write_tensors(folder_ / TrainingFolder::kWeights, trainer_->weights());
    }
    if (options_.grid_every > 0 && epoch.epoch % options_.grid_every == 0) write_grid(epoch.epoch);
    save_training_state(folder_ / TrainingFolder::kState, key_, history_, *trainer_);
    // Every file that is brought to the disk takes time, and these can be made again of the state.
    if (tables_watch_.seconds() >= kTablesSeconds) write_tables();
  }

  void write_tables() {
    write_training_tables(folder_.path(), history_, title());
    tables_watch_ = {};
  }

  void write_tables_if_possible() {
    try {
      write_tables();
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): what ended the training is told; the next run writes them
    }
  }

  void finish(TrainAutoencoderSummary& summary) {
    const std::int64_t last = history_.num_epochs();
    if (options_.grid_every > 0 && last % options_.grid_every != 0) write_grid(last);
    write_tables();
    write_text(folder_ / TrainingFolder::kCard, to_json(card(sha256_of_file(folder_ / TrainingFolder::kWeights))));
    describe(summary);
    sync_folder(folder_.path());
    write_manifest(folder_.path(), to_json(summary), options_.arguments);
  }

  void describe(TrainAutoencoderSummary& summary) const {
    summary.history = history_;
    summary.end = history_.end(options_.training);
    for (const auto& epoch : history_.epochs) summary.seconds += epoch.seconds;
  }

  ModelCard card(const std::string& checksum) const {
    ModelCard card;
    card.name = card_name(folder_.path().filename().native());
    card.architecture = trainer_->architecture();
    card.width_px = options_.training.side_px;
    card.height_px = options_.training.side_px;
    card.fit = InputFit::stretch;
    card.dimensions = trainer_->dimensions();
    card.source = "simile train autoencoder";
    card.weights = TrainingFolder::kWeights;
    card.sha256 = checksum;
    ordered_json training = settings_;
    if (!checksum.empty()) {
      training["best_epoch"] = history_.best()->epoch;
      training["validation_loss"] = history_.best()->validation_loss;
    }
    card.training = training.dump();
    return card;
  }

  void write_grid(std::int64_t epoch) {
    const std::int64_t side = options_.training.side_px;
    Array<std::uint8_t, 4> originals({std::ssize(shown_), side, side, 3});
    const std::int64_t values = side * side * 3;
    for (std::size_t k = 0; k < shown_.size(); ++k) {
      std::copy_n(features_.colour_images.data() + shown_[k] * values, values,
                  originals.data() + static_cast<std::int64_t>(k) * values);
    }
    const auto made = trainer_->reconstruct(shown_);
    const auto bytes = reconstruction_grid(originals.view(), made.view());
    write_text(folder_ / concat("reconstructions_epoch_", epoch, ".jpg"),
               {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  void write_split() const {
    std::string table = "path,part\n";
    std::size_t next = 0;
    for (std::int64_t row = 0; row < features_.num_rows(); ++row) {
      const bool judges = next < split_.validation.size() && split_.validation[next] == row;
      next += judges ? 1 : 0;
      const auto item = static_cast<std::size_t>(features_.items[static_cast<std::size_t>(row)]);
      table += concat(csv_field(dataset_.catalogue().ids[item]), ",", judges ? "validation" : "train", "\n");
    }
    write_text(folder_ / "split.csv", table);
  }

  void write_unreadable(const TrainAutoencoderSummary& summary) const {
    std::string table = "path,reason\n";
    for (const auto& [id, reason] : summary.unreadable) table += concat(csv_field(id), ",", csv_field(reason), "\n");
    write_text(folder_ / "unreadable.csv", table);
  }

  std::string title() const { return concat("Autoencoder, ", to_string(options_.training.loss), " loss"); }

  const TrainAutoencoderOptions& options_;
  const Dataset& dataset_;
  const Features& features_;
  const Context& context_;
  ordered_json settings_;
  std::string key_;
  TrainingSplit split_;
  std::vector<std::int64_t> shown_;  ///< rows in the pictures of reconstructions
  TrainingHistory history_;
  bool has_open_card_ = false;  ///< of weights that may still change
  SinceThen tables_watch_;
  std::unique_ptr<AutoencoderTrainer> trainer_;
  TrainingFolder folder_;  ///< last: what can fail before must not cost an earlier training
};

FeatureOptions reading_options(const TrainAutoencoderOptions& options) {
  FeatureOptions reading = options.reading;
  reading.method = Method::template_match;  // colour images, kept by the cache
  reading.size = PixelSize{options.training.side_px, options.training.side_px};
  reading.validate();
  return reading;
}

std::string_view to_string(TrainingEnd end) {
  switch (end) {
    case TrainingEnd::none:
      return "unfinished";
    case TrainingEnd::epochs:
      return "epochs";
    case TrainingEnd::patience:
      return "patience";
  }
  return "";
}

}  // namespace

std::string to_json(const TrainAutoencoderSummary& summary) {
  ordered_json json;
  json["input"] = to_valid_utf8(summary.input);
  json["output"] = to_valid_utf8(summary.output);
  json["architecture"] = summary.architecture;
  json["loss"] = summary.loss;
  json["images"] = summary.num_images;
  json["validation"] = summary.num_validation;
  json["unreadable"] = summary.unreadable.size();
  json["from_cache"] = summary.num_kept;
  json["parameters"] = summary.num_parameters;
  json["dimensions"] = summary.dimensions;
  json["epochs"] = summary.history.num_epochs();
  json["epochs_resumed"] = summary.num_resumed;
  json["was_finished"] = summary.was_finished;
  json["ended_by"] = to_string(summary.end);
  if (const EpochRecord* const best = summary.history.best()) {
    json["best_epoch"] = best->epoch;
    json["best_train_loss"] = best->train_loss;
    json["best_validation_loss"] = best->validation_loss;
    json["images_per_second"] = summary.history.epochs.back().images_per_second;
  }
  json["device"] = summary.device;
  json["threads"] = summary.threads;
  json["seconds"] = summary.seconds;
  return json.dump(2) + "\n";
}

TrainAutoencoderSummary run_train_autoencoder(const TrainAutoencoderOptions& options, const Context& context) {
  // All that needs no reading of images comes first.
  options.training.validate();
  if (options.grid_every < 0) throw Error(ErrorCode::invalid_argument, "--grid-every: allowed are 0 and above");
  const FeatureOptions reading = reading_options(options);
  if (!fs::exists(options.input)) {
    throw Error(ErrorCode::not_found, concat("no such file or folder: ", in_quotes(options.input.native())));
  }
  const fs::path out = resolved_out(options.out, options.input, kTrainingSuffix);
  check_apart(out, options.input);
  TrainingFolder::check(out, options.overwrite);
  const auto perceptual =
      find_perceptual_model(options.training.loss, options.perceptual_model, options.perceptual_layers);
  autoencoder_backend(context.device);

  Dataset dataset = open_nonempty(options.input, options.listing, context);
  if (!fs::is_directory(options.input)) check_items_apart(out, dataset.catalogue());
  const Extraction extraction = extract_nonempty(dataset, reading, context);
  TrainAutoencoderSummary summary;
  summary.input = options.input.native();
  summary.output = out.native();
  summary.loss = simile::to_string(options.training.loss);
  summary.num_images = extraction.features.num_rows();
  summary.num_kept = extraction.num_kept;
  summary.device = to_string(context.device);
  summary.threads = context.pool.num_threads();
  for (const auto& [item, reason] : extraction.errors) {
    summary.unreadable.emplace_back(dataset.catalogue().ids[static_cast<std::size_t>(item)], reason);
  }
  Training(options, out, perceptual, dataset, extraction, context).run(summary);
  return summary;
}

std::string plan_missing_model(const FeatureOptions& features) {
  const std::string& model = features.network.model;
  if (features.method.value_or(Method::embedding) != Method::embedding || model.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "--train: needs --method embedding and --model DIR, where the model will be");
  }
  const fs::path out(model);
  if (!find_in_store(default_model_store(), model).empty() || is_helper(out)) return {};
  if (!TrainingFolder::is_unfinished(out)) {
    try {
      find_model(default_model_store(), model, features.network.architecture);
      return {};
    } catch (const Error& error) {
      // A published network whose weights are not here is not what an autoencoder can stand for.
      if (error.code() != ErrorCode::not_found || find_built_in_card(model) != nullptr) throw;
    }
  }
  return concat("no finished model at ", in_quotes(model), ": an autoencoder is trained first, all images up to ",
                AutoencoderOptions().epochs,
                " times at 64x64 pixels; the first epoch tells how long that takes, and a run that is stopped goes on "
                "after its last epoch");
}

bool train_missing_model(const fs::path& input, const ListingOptions& listing, const FeatureOptions& features,
                         const std::vector<std::string>& arguments, const Context& context) {
  const std::string plan = plan_missing_model(features);
  if (plan.empty()) return false;
  TrainAutoencoderOptions options;
  options.input = input;
  options.listing = listing;
  options.reading.limits = features.limits;
  options.reading.cache = features.cache;
  options.reading.full_decode = features.full_decode;
  options.out = features.network.model;
  options.arguments = arguments;
  context.progress.note(plan);
  run_train_autoencoder(options, context);
  return true;
}

}  // namespace simile
