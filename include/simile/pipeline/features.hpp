// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"

namespace simile {

/// Everything `simile features` can be told.
struct FeaturesOptions {
  std::filesystem::path input;
  ListingOptions listing{};
  FeatureOptions features{};
  std::filesystem::path out{};  ///< X.npy
  bool overwrite = false;
  bool images_only = false;  ///< an input that holds features already is refused
};

/// What was taken.
struct FeaturesSummary {
  std::int64_t num_rows = 0;
  std::vector<std::pair<std::string, std::string>> unreadable;  ///< id and reason
  std::int64_t num_kept = 0;                                    ///< rows that an earlier run had kept
  double seconds = 0;                                           ///< of taking the others
  std::string model;                                            ///< embedding: the network
  std::int64_t row_size = 0;                                    ///< embedding: values of a row

  /// Of those that were not kept; 0 where all were.
  double images_per_second() const;
};

/// Takes features of every item that can be read and writes X.npy, X.csv and X.json (feature/feature_file.hpp). Throws
/// not_found or decode when there are none, and what its parts throw.
FeaturesSummary run_features(const FeaturesOptions& options, const Context& context);

}  // namespace simile
