// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/report/manifest.hpp"
#include "simile/report/transfer.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// The main job's settings: everything `simile cluster` can be told.
struct ClusterOptions {
  std::filesystem::path input;
  ListingOptions listing{};
  FeatureOptions features{};
  MetricOptions metric{};
  std::optional<double> threshold{};  ///< default: the method's
  bool auto_threshold = false;        ///< the advice from a sample of kDefaultSample images instead
  std::int64_t min_size = 2;
  bool no_chain = false;        ///< groups in which every pair is alike
  std::int64_t batch_size = 0;  ///< 0: every pair; else items of a batch, whose groups are merged by representatives
  bool merge_batches = true;
  double checkpoint_seconds = 60;  ///< between two writes of unfinished work
  std::string truth{};             ///< as read_truth(); empty: none
  std::filesystem::path out{};     ///< empty: default_result_folder(input)
  bool overwrite = false;
  Transfer transfer = Transfer::none;
  bool similarities = false;  ///< write similarities.csv
  std::int64_t max_edges = 100'000'000;
  std::uint64_t seed = 0;
  std::vector<std::string> arguments{};  ///< the command line, for the manifest

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// `photos` -> `photos_clustered`, `features.npy` -> `features.npy_clustered`: beside the resolved input.
std::filesystem::path default_result_folder(const std::filesystem::path& input);

/// What run_cluster() would do, for people: what is read, how it is compared, what is written. Writes nothing.
std::string plan_cluster(const ClusterOptions& options, const Context& context);

/// A folder of photos (or a list, or an array) becomes a result folder: catalogue, features, every pair compared,
/// groups, representatives, tables, report. Throws not_found or decode when there is nothing to cluster, and what its
/// parts throw; nothing is left behind then, unless the result stood and files were being moved into it: what has
/// been moved then, undo_moves() takes back.
ClusterSummary run_cluster(const ClusterOptions& options, const Context& context);

}  // namespace simile
