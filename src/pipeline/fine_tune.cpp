// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/fine_tune.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "pipeline/helper_run.hpp"
#include "pipeline/network_embedder.hpp"
#include "pipeline/open.hpp"
#include "pipeline/target.hpp"
#include "pipeline/training_folder.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/model/model_store.hpp"
#include "simile/model/network_input.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/train/training.hpp"
#include "simile/train/training_state.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr double kHeldOut = 0.2;

/// The network that the training begins with.
struct Base {
  std::string name;
  Model model;
};

Base find_base(const NetworkChoice& wanted) {
  const std::string name = model_name(wanted);
  if (to_valid_utf8(name) != name) {  // the card, which is JSON, has to name it
    throw Error(ErrorCode::invalid_argument, concat("--model ", in_quotes(name), ": its path is not UTF-8"));
  }
  Base base{name, find_model(default_model_store(), name, wanted.architecture)};
  check_weights(base.model);
  return base;
}

std::string stages_text(std::int64_t stages) { return stages == 0 ? "all" : std::to_string(stages); }

/// Gives the card's account of its training; throws model where that lacks something.
void read_training(const Model& model, const std::function<void(const ordered_json&)>& read) {
  try {
    read(ordered_json::parse(model.card.training));
  } catch (const ordered_json::exception&) {
    throw Error(ErrorCode::model, concat(in_quotes(model.card_file.native()),
                                         " does not say how it was fine-tuned; --overwrite begins anew"));
  }
}

/// The one that the earlier helper began with. Throws invalid_argument when another one is wanted or there is none.
Base base_of_earlier(const HelperRun& run, const NetworkChoice& wanted, std::int64_t stages) {
  const Helper earlier = read_helper(run.out);
  if (earlier.kind != HelperKind::finetune) {
    throw Error(ErrorCode::invalid_argument,
                concat("--update: the helper in ", in_quotes(run.out.native()), " is of kind ", to_string(earlier.kind),
                       ", no fine-tuned network; --overwrite begins anew"));
  }
  const Model found = find_model(default_model_store(), run.out.native());
  NetworkChoice of_earlier;
  std::string checksum;
  read_training(found, [&](const ordered_json& training) {
    of_earlier.model = training.at("network").get<std::string>();
    checksum = training.at("network_weights").get<std::string>();
  });
  of_earlier.architecture = found.card.architecture;
  if (!wanted.architecture.empty() && wanted.architecture != found.card.architecture) {
    throw Error(ErrorCode::invalid_argument, concat("--arch ", in_quotes(wanted.architecture), ": the network in ",
                                                    in_quotes(run.out.native()), " is of ", found.card.architecture));
  }
  const auto earlier_settings = settings_of_earlier(run.out);
  if (earlier_settings && earlier_settings->training.stages != stages) {
    throw Error(ErrorCode::invalid_argument,
                concat("--stages ", stages_text(stages), ": those of the network in ", in_quotes(run.out.native()),
                       " are ", stages_text(earlier_settings->training.stages),
                       "; --update goes on with the same, --overwrite begins anew"));
  }
  Base base = find_base(of_earlier);
  const bool other = !wanted.model.empty() && model_name(wanted) != base.name;
  if (other || sha256_of_file(base.model.weights) != checksum) {
    throw Error(ErrorCode::invalid_argument,
                concat("--update: the helper in ", in_quotes(run.out.native()), " began with ", in_quotes(base.name),
                       other ? ", not " + in_quotes(model_name(wanted)) : std::string(", whose weights have changed"),
                       "; --overwrite begins anew"));
  }
  return base;
}

/// Reads the labelled images as the network sees them; labels of those that cannot be read go to Labels::unknown.
Array<std::uint8_t, 4> read_images(HelperRun& run, const FeatureOptions& reading, const ModelCard& card) {
  const Context& context = run.context;
  const std::int64_t size = card.height_px * card.width_px * 3;
  if (size * run.labels.size() > context.memory_bytes) {
    throw Error(ErrorCode::out_of_memory, concat("the labelled images need ", format_bytes(size * run.labels.size()),
                                                 "; --memory allows ", format_bytes(context.memory_bytes)));
  }
  DecodeOptions decode{.limits = reading.limits, .reduce_for = {}};
  if (!reading.full_decode) decode.reduce_for = resized_for_network(card);
  const Recipe recipe{.name = "not kept",
                      .decode = decode,
                      .make = [&](View<const std::uint8_t, 3> image) { return network_input(card, image); },
                      .unit_bytes = size};
  Array<std::uint8_t, 4> images({run.labels.size(), card.height_px, card.width_px, 3});
  const std::vector<std::int64_t> items = run.labels.items;
  const auto row_of = [&](std::int64_t item) {
    return std::lower_bound(items.begin(), items.end(), item) - items.begin();
  };
  ProgressPhase phase(context.progress, "reading labelled", std::ssize(items), "images");
  const Derivation derivation = derive(run.dataset.images, items, recipe, {}, context,
                                       [&](std::int64_t item, std::span<const std::uint8_t> bytes) {
                                         std::copy(bytes.begin(), bytes.end(), images.data() + row_of(item) * size);
                                       });
  if (derivation.errors.empty()) return images;
  std::unordered_set<std::string> unreadable;
  for (const auto& [item, reason] : derivation.errors) {
    unreadable.insert(run.ids()[static_cast<std::size_t>(item)]);
    run.summary.unreadable.emplace_back(run.ids()[static_cast<std::size_t>(item)], reason);
  }
  std::vector<LabelRow> left_out;
  const auto rest = std::stable_partition(run.rows.begin(), run.rows.end(),
                                          [&](const LabelRow& row) { return !unreadable.contains(row.path); });
  left_out.assign(rest, run.rows.end());
  run.kept.insert(run.kept.end(), left_out.begin(), left_out.end());
  run.rows.erase(rest, run.rows.end());
  run.labels = make_labels(run.rows, run.ids());
  run.labels.unknown.insert(run.labels.unknown.end(), left_out.begin(), left_out.end());
  run.helper.classes = run.labels.classes;
  Array<std::uint8_t, 4> kept({run.labels.size(), card.height_px, card.width_px, 3});
  for (std::int64_t row = 0; row < run.labels.size(); ++row) {
    std::copy_n(images.data() + row_of(run.labels.items[static_cast<std::size_t>(row)]) * size, size,
                kept.data() + row * size);
  }
  return kept;
}

/// Of how often each class is, in nats.
double entropy(std::span<const std::int32_t> labels, std::int64_t num_classes) {
  std::vector<double> counts(static_cast<std::size_t>(num_classes));
  for (const auto label : labels) ++counts[static_cast<std::size_t>(label)];
  double sum = 0;
  for (const double count : counts) {
    const double share = count / static_cast<double>(labels.size());
    if (count > 0) sum -= share * std::log(share);
  }
  return sum;
}

/// Fits the layer of classes alone, then the last stages with it.
LinearModel train(HelperRun& run, const FineTuneOptions& options, FineTuner& tuner,
                  std::span<const std::int64_t> positions, std::int64_t epochs) {
  const Array<float, 2> vectors = tuner.embed(positions, run.context);
  std::vector<std::int64_t> rows(positions.size());
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<std::int32_t> labels = run.labels_of(positions);
  const LinearProbe probe(vectors.view(), rows, labels, run.labels.num_classes(), run.context);
  LinearModel head = std::move(probe.fit({.c = options.c, .balanced = options.training.balanced}).model);
  run.summary.training_loss = tuner.train(positions, labels, head, epochs, run.context);
  // Guessing each class as often as it is does as well.
  const double guessing = options.training.balanced ? std::log(static_cast<double>(run.labels.num_classes()))
                                                    : entropy(labels, run.labels.num_classes());
  if (run.summary.training_loss >= guessing) {
    throw Error(ErrorCode::model,
                concat("the network has learnt nothing: its loss is ", run.summary.training_loss, ", and guessing has ",
                       guessing, "; a lower --lr than ", options.training.learning_rate, " may help"));
  }
  return head;
}

void measure_and_train(HelperRun& run, const FineTuneOptions& options, FineTuner& tuner) {
  if (options.evaluation.held_out > 0) {
    run.context.progress.note("trained twice: first without the images that are held out, to measure; then with all");
  }
  measure(run, [&](std::span<const std::int64_t> fitted, std::span<const std::int64_t> held_out) {
    tuner.restart();
    const LinearModel head = train(run, options, tuner, fitted, options.training.epochs);
    return linear_scores(head, tuner.embed(held_out, run.context).view(), /*unit=*/true, run.context);
  });
  std::int64_t epochs = options.training.epochs;
  tuner.restart();
  if (options.update && is_helper(run.out)) {
    tuner.restart_from(SafetensorsFile(run.out / TrainingFolder::kWeights));
    epochs = (epochs + 1) / 2;
    run.summary.warm = true;
  }
  const auto begin = std::chrono::steady_clock::now();
  run.helper.layers.push_back(train(run, options, tuner, run.all_positions(), epochs));
  run.summary.fit_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void write_model(const fs::path& folder, const HelperRun& run, const FineTuneOptions& options, const Base& base,
                 const FineTuner& tuner) {
  write_tensors(folder / TrainingFolder::kWeights, tuner.weights());
  ModelCard card = base.model.card;
  card.name = card_name(run.out.filename().native());
  card.dimensions = tuner.dimensions();
  card.source = "simile train finetune";
  card.weights = TrainingFolder::kWeights;
  card.sha256 = sha256_of_file(folder / TrainingFolder::kWeights);
  ordered_json training;
  training["network"] = base.name;
  training["network_weights"] = sha256_of_file(base.model.weights);
  training["stages"] = options.training.stages;
  training["epochs"] = options.training.epochs;
  training["batch-size"] = options.training.batch_size;
  training["lr"] = options.training.learning_rate;
  training["mirror"] = options.training.mirror;
  training["c"] = options.c;
  training["balanced"] = options.training.balanced;
  training["seed"] = options.seed;
  training["labels"] = run.labels.size();
  card.training = training.dump();
  write_text(folder / TrainingFolder::kCard, to_json(card));
}

/// Vectors of all items by the network in `folder`; NaN where an item cannot be read.
Array<float, 2> embed_all(const fs::path& folder, HelperRun& run, const FineTuneOptions& options) {
  NetworkChoice choice;
  choice.model = folder.native();
  FeatureOptions reading = options.reading;
  reading.method = Method::embedding;
  reading.network = {};
  reading.embedder = open_embedder(choice, run.context);
  run.helper.model = run.out.native();
  run.helper.model_identity = reading.embedder->identity();
  const Extraction extraction = extract_nonempty(run.dataset, reading, run.context);
  const Features& features = extraction.features;
  const std::int64_t width = features.vectors.shape(1);
  Array<float, 2> vectors({std::ssize(run.ids()), width});
  std::fill_n(vectors.data(), vectors.size(), std::numeric_limits<float>::quiet_NaN());
  for (std::int64_t row = 0; row < features.num_rows(); ++row) {
    std::copy_n(features.vectors.data() + row * width, width,
                vectors.data() + features.items[static_cast<std::size_t>(row)] * width);
  }
  for (const auto& [item, reason] : extraction.errors) {
    const std::pair found(run.ids()[static_cast<std::size_t>(item)], reason);
    auto& known = run.summary.unreadable;
    if (std::find(known.begin(), known.end(), found) == known.end()) known.push_back(found);
  }
  return vectors;
}

}  // namespace

std::optional<FineTuneOptions> settings_of_earlier(const fs::path& folder) {
  if (!is_helper(folder) || read_helper(folder).kind != HelperKind::finetune) return std::nullopt;
  FineTuneOptions options;
  read_training(find_model(default_model_store(), fs::absolute(folder).native()), [&](const ordered_json& training) {
    options.training.stages = training.at("stages").get<std::int64_t>();
    options.training.epochs = training.at("epochs").get<std::int64_t>();
    options.training.batch_size = training.at("batch-size").get<std::int64_t>();
    options.training.learning_rate = training.at("lr").get<double>();
    options.training.mirror = training.at("mirror").get<bool>();
    options.training.balanced = training.at("balanced").get<bool>();
    options.c = training.at("c").get<double>();
  });
  return options;
}

FineTuneOptions::FineTuneOptions() {
  evaluation = {.folds = 0, .held_out = kHeldOut, .learning_curve = false, .own_progress = true};
}

void FineTuneOptions::validate() const {
  HelperRunOptions::validate();
  training.validate();
  ProbeOptions{.c = c}.validate();
  reading.validate();
}

TrainHelperSummary run_fine_tune(const FineTuneOptions& options, const Context& context) {
  options.validate();
  HelperRun run{options, context};
  check_target(run);
  const bool goes_on = options.update && is_helper(run.out);
  const Base base = goes_on ? base_of_earlier(run, options.reading.network, options.training.stages)
                            : find_base(options.reading.network);
  const SafetensorsFile weights(base.model.weights);
  const FineTuningBackend& backend = fine_tuning_backend(context.device);
  run.dataset = open_nonempty(options.input, options.listing, context);
  if (run.dataset.features) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(options.input.native()), " holds ", run.dataset.content(),
                                                    "; fine-tuning needs images"));
  }
  if (!fs::is_directory(options.input)) check_items_apart(run.out, run.dataset.catalogue());
  read_labels(run);
  run.helper.kind = HelperKind::finetune;
  run.helper.probe = {.c = options.c, .balanced = options.training.balanced};
  run.summary.kind = to_string(run.helper.kind);
  run.summary.network = base.name;
  note_seen_labels(run, base.name);
  run.summary.stages = options.training.stages;
  ResultFolder folder(run.out, options.overwrite || options.update);
  const Array<std::uint8_t, 4> images = read_images(run, options.reading, base.model.card);
  {
    FineTuningOptions training = options.training;
    training.seed = options.seed;
    const auto tuner = backend.open(images.view(), base.model.card, weights, training, context);
    run.summary.num_trained = tuner->num_trained();
    run.summary.num_parameters = tuner->num_parameters();
    measure_and_train(run, options, *tuner);
    run.helper.embedding = concat("vectors of ", tuner->dimensions(), " values");
    write_model(folder.path(), run, options, base, *tuner);
  }
  const Array<float, 2> vectors = embed_all(folder.path(), run, options);
  write_helper_folder(folder.path(), run, vectors);
  folder.commit();
  return run.summary;
}

}  // namespace simile
