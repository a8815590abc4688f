// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "simile/feature/extract.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// How batches were made that were left apart: all that a run needs to take the same features again and merge them.
struct BatchSettings {
  std::string input;  ///< absolute; empty where JSON cannot say it (bytes that are not UTF-8)
  ListingOptions listing{};
  FeatureOptions features{};  ///< with the method that was chosen, without a cache
  MetricOptions metric{};
  double threshold = 0;
  std::string threshold_reason{};  ///< why, where it was advised
  std::uint64_t seed = 0;
  std::int64_t batch_size = 0;
};

/// A JSON object.
std::string to_json(const BatchSettings& settings);

/// Reads one that stands in `manifest`. Throws decode naming the file and what is not as to_json() writes it.
BatchSettings parse_batch_settings(const std::string& json, const std::filesystem::path& manifest);

/// Throws invalid_argument, naming both folders and what differs, unless batches of both can be merged: the same
/// features, compared alike, from the same threshold on, with the same seed.
void check_mergeable(const BatchSettings& first, const std::filesystem::path& first_folder, const BatchSettings& other,
                     const std::filesystem::path& other_folder);

}  // namespace simile
