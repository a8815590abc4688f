// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "simile/report/cluster_result.hpp"

namespace simile {

/// What a result folder tells of batches that were left apart, for a later run that merges them.
struct Batches {
  std::string settings;                   ///< a JSON object: how the batches were made, as write_manifest() was told
  std::int64_t batch_size = 0;            ///< its "size"
  std::vector<std::string> ids;           ///< of the readable items, in the order of the catalogue
  std::vector<std::int64_t> labels;       ///< of every readable item: the smallest row of its group
  std::vector<std::string> feature_keys;  ///< of every readable item: names the feature by which it was compared
  std::vector<std::string> unreadable;    ///< ids
};

/// batches.csv (`path,batch,feature`, readable items in catalogue order): row k is of batch k / batch_size; its feature
/// is named by feature_keys[k]. Throws io.
void write_batches(const std::filesystem::path& folder, const ClusterResult& result,
                   const std::vector<std::string>& feature_keys, std::int64_t batch_size);

/// Reads them back, believing nothing: tables must be those whose checksums the manifest has, name the same items in
/// the same order, each once, and have the cluster numbers that simile gives groups of one batch each. Throws not_found
/// where `folder` is none, or no result of simile; invalid_argument when it holds no batches, or merged ones, or photos
/// that were moved there; decode naming the file that is not as simile writes it.
Batches read_batches(const std::filesystem::path& folder);

}  // namespace simile
