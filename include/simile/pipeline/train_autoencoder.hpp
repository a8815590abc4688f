// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/train/training_loop.hpp"

namespace simile {

inline constexpr const char* kTrainingSuffix = "_autoencoder";

/// Everything `simile train autoencoder` can be told.
struct TrainAutoencoderOptions {
  std::filesystem::path input;
  ListingOptions listing{};
  FeatureOptions reading{};  ///< limits, cache, full_decode; method and size come from `training`
  AutoencoderOptions training{};
  std::string perceptual_model;                ///< name, folder or file of a model; empty: vgg19
  std::vector<std::string> perceptual_layers;  ///< empty: default_perceptual_layers()
  std::filesystem::path out{};                 ///< empty: beside the input, with kTrainingSuffix
  bool overwrite = false;                      ///< replace another training
  std::int64_t grid_every = 10;                ///< epochs between pictures of reconstructions; 0: none
  std::vector<std::string> arguments{};        ///< the command line, for the manifest
};

/// What came of it.
struct TrainAutoencoderSummary {
  std::string input;
  std::string output;
  std::string architecture;
  std::string loss;
  std::int64_t num_images = 0;
  std::int64_t num_validation = 0;
  std::int64_t num_kept = 0;                                    ///< images that were not read, since the cache had them
  std::vector<std::pair<std::string, std::string>> unreadable;  ///< id and reason
  std::int64_t num_parameters = 0;
  std::int64_t dimensions = 0;
  std::int64_t num_resumed = 0;  ///< epochs of an earlier run
  bool was_finished = false;     ///< there was nothing left to do, and nothing was written
  TrainingHistory history;
  TrainingEnd end = TrainingEnd::none;
  std::string device;
  int threads = 0;
  double seconds = 0;  ///< of all epochs
};

/// One JSON object, keys in a fixed order, ends with a line break.
std::string to_json(const TrainAutoencoderSummary& summary);

/// Layers whose outputs the perceptual loss compares when none are named. Throws invalid_argument for an architecture
/// for which none are known.
std::vector<std::string> default_perceptual_layers(const std::string& architecture);

/// Trains an autoencoder with the images and leaves a model folder (docs/definitions.md): card.json and
/// model.safetensors of the best epoch, state.safetensors from which a later run goes on, run.json (what decides the
/// result), split.csv, metrics.jsonl, loss.csv, loss.svg, loss.png, reconstructions_epoch_N.jpg, unreadable.csv,
/// manifest.json. A folder with an unfinished training of the same settings and images is gone on with, one with
/// another is refused (invalid_argument, naming what differs) unless `overwrite`. Throws model for a loss that is not
/// finite or a network that cannot be used, io for a full disk (the state before stays), cancelled, and what its parts
/// throw.
TrainAutoencoderSummary run_train_autoencoder(const TrainAutoencoderOptions& options, const Context& context);

/// Where train_missing_model() would train a model, and what that costs, for people; empty where there is a model.
/// Throws as it does.
std::string plan_missing_model(const FeatureOptions& features);

/// For a run that embeds `input` by the network that `features` name: where there is none of this name, an autoencoder
/// is trained into the folder of this path, as by default, after a note of what it costs; an unfinished training there
/// goes on. Returns whether it trained. Throws invalid_argument when no embedding by a named network is wanted.
bool train_missing_model(const std::filesystem::path& input, const ListingOptions& listing,
                         const FeatureOptions& features, const std::vector<std::string>& arguments,
                         const Context& context);

}  // namespace simile
