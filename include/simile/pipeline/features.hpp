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
};

/// What was taken.
struct FeaturesSummary {
  std::int64_t num_rows = 0;
  std::vector<std::pair<std::string, std::string>> unreadable;  ///< id and reason
};

/// Takes features of every item that can be read and writes X.npy, X.csv and X.json (feature/feature_file.hpp). Throws
/// not_found or decode when there are none, and what its parts throw.
FeaturesSummary run_features(const FeaturesOptions& options, const Context& context);

}  // namespace simile
