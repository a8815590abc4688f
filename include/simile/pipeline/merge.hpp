// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/image/derive.hpp"
#include "simile/report/manifest.hpp"
#include "simile/report/transfer.hpp"

namespace simile {

/// Everything `simile merge` can be told.
struct MergeOptions {
  std::vector<std::filesystem::path> folders;   ///< results whose batches were left apart (--no-merge)
  std::vector<std::filesystem::path> inputs{};  ///< where their inputs are now, one a folder; empty: where they were
  std::optional<double> threshold{};            ///< of representatives; default: that of the batches
  std::int64_t min_size = 2;
  std::string truth{};          ///< as read_truth(); empty: none
  std::filesystem::path out{};  ///< empty: default_merged_folder()
  bool overwrite = false;
  Transfer transfer = Transfer::none;
  std::optional<std::int64_t> max_decode_seconds{};  ///< as in DecodeLimits; default: that of the batches
  CacheOptions cache{};                              ///< where the features still are
  double checkpoint_seconds = 60;                    ///< between two writes of unfinished work
  std::vector<std::string> arguments{};

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// `photos_clustered` -> `photos_clustered_merged`: beside the resolved first folder.
std::filesystem::path default_merged_folder(const std::filesystem::path& folder);

/// What run_merge() would do, for people. Writes nothing, reads no image.
std::string plan_merge(const MergeOptions& options, const Context& context);

/// Merges groups of batches by their representatives: the step that run_cluster() left out when it was told not to
/// merge, with the same tables in the end. What was compared within batches is not compared again; features come from
/// the cache, or are taken again. Several folders, of files and made alike, become one result: items are named from the
/// folder that is common to all, and are in the order of their names, whatever that of the folders.
///
/// Throws as read_batches() for a folder that it cannot go on from; not_found where an input is gone; io, naming the
/// first item and how many there are, where items have come, gone or changed since; invalid_argument where folders do
/// not go together. Nothing is left behind then, as with run_cluster().
ClusterSummary run_merge(const MergeOptions& options, const Context& context);

}  // namespace simile
