// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "simile/feature/extract.hpp"
#include "simile/image/catalogue.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile::cli {

/// Options whose value is refused with a message that names the flag, the value and what is allowed (exit code 2).
CLI::Option* add_integer(CLI::App& app, const std::string& flag, std::int64_t& target, std::int64_t min,
                         std::int64_t max, const std::string& help);
/// Any number.
CLI::Option* add_number(CLI::App& app, const std::string& flag, double& target, const std::string& help);
/// Any number: what a method allows is checked by the pipeline.
CLI::Option* add_threshold(CLI::App& app, std::optional<double>& target, const std::string& help);
CLI::Option* add_bytes(CLI::App& app, const std::string& flag, std::int64_t& target, const std::string& help,
                       const std::string& shown_default);

/// Flags that every command with long work has.
struct RunOptions {
  std::int64_t threads = 0;           ///< 0: all
  std::int64_t memory_bytes = 0;      ///< 0: half of what there is
  std::int64_t gpu_memory_bytes = 0;  ///< 0: most of what is free
  std::string device = "auto";
  bool for_networks = false;  ///< the device is one of networks
  bool quiet = false;
  bool verbose = false;
};
void add_run_options(CLI::App& app, RunOptions& options);
/// Those of them that say how much is told; for commands that neither compare nor read images.
void add_watch_options(CLI::App& app, RunOptions& options);
/// For commands that compare.
void add_device_option(CLI::App& app, RunOptions& options);
/// For commands that run networks and do not compare.
void add_network_device_option(CLI::App& app, RunOptions& options);

/// What is read and how features are taken.
void add_input_options(CLI::App& app, ListingOptions& listing, FeatureOptions& features);
/// Of these what concerns reading, whatever is taken.
void add_reading_options(CLI::App& app, ListingOptions& listing, FeatureOptions& features);

/// Which network, of those with weights that can be trained.
void add_model_options(CLI::App& app, NetworkChoice& network);

/// Which network images are embedded by, and how it is run.
void add_network_options(CLI::App& app, NetworkChoice& network);

/// How long decoding one image may take.
CLI::Option* add_decode_time(CLI::App& app, std::int64_t& seconds);

/// Where what is read of files is kept.
void add_cache_options(CLI::App& app, CacheOptions& cache);

/// How SSIM weighs its windows, for commands that compare.
void add_window(CLI::App& app, std::optional<SsimWindow>& target);

/// "64" -> 64x64, "64x48" -> width x height. Throws invalid_argument.
PixelSize parse_size(const std::string& text);

}  // namespace simile::cli
