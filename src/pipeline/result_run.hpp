// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/batch_settings.hpp"
#include "pipeline/grouping.hpp"
#include "pipeline/moving.hpp"
#include "pipeline/stopwatch.hpp"

#include "simile/feature/extract.hpp"
#include "simile/report/manifest.hpp"
#include "simile/report/result_folder.hpp"

namespace simile {

/// A set whose items are grouped: what a result folder is made of.
struct GroupedSet {
  const ImageSet& images;  ///< with the catalogue
  Extraction& extraction;  ///< whose errors go into the result
  const Metric& metric;    ///< of its features
  const Grouping& grouping;
  const std::vector<std::string>& truth;  ///< class of every item; empty without --truth
};

/// How it is written.
struct WritingOptions {
  std::int64_t min_size = 2;
  std::uint64_t seed = 0;
  DecodeLimits limits{};  ///< of thumbnails
  CacheOptions cache{};
  Edges* similarities = nullptr;           ///< to be written, too
  std::optional<BatchSettings> batches{};  ///< left apart: what merging them later needs
  std::vector<std::string> arguments{};
};

/// A run that ends in a result folder of groups: what is open while it lasts, and its end, the same for all of them.
class ResultRun {
 public:
  /// Begins to build the folder `out`.
  ResultRun(const std::filesystem::path& out, bool overwrite, Transfer transfer, const Catalogue& catalogue,
            double checkpoint_seconds)
      : folder_(out, overwrite), transfer_(transfer), moving_(transfer, catalogue), work_(out, checkpoint_seconds) {}

  const std::filesystem::path& folder() const { return folder_.path(); }
  const WorkFiles& work() const { return work_; }

  /// Numbers the groups, chooses representatives, writes tables, report and manifest, and puts the folder in its place.
  /// `summary` says what the run was told and how it compared; gives it back complete.
  ClusterSummary finish(const GroupedSet& set, const WritingOptions& options, ClusterSummary summary, Stopwatch& watch,
                        const Context& context);

 private:
  ResultFolder folder_;
  Transfer transfer_;
  Moving moving_;
  WorkFiles work_;
};

}  // namespace simile
