// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/features.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// Where a run's unfinished work is kept: hidden files beside its result folder.
class WorkFiles {
 public:
  /// For the result folder `target`; comparisons write every `interval_seconds`.
  WorkFiles(const std::filesystem::path& target, double interval_seconds);

  /// For one of the run's comparisons, `key` as Checkpoint::key.
  Checkpoint checkpoint(std::string key) const;
  const std::filesystem::path& batches() const { return batches_; }
  double interval_seconds() const { return interval_seconds_; }
  /// To be called when the result stands at its place.
  void remove() const;

 private:
  std::filesystem::path comparison_;
  std::filesystem::path batches_;
  double interval_seconds_;
};

/// How items are grouped.
struct GroupingOptions {
  double threshold = 0;
  std::int64_t batch_size = 0;  ///< 0: every pair; else items of a batch
  bool no_chain = false;        ///< every pair of a group is to be alike; not with batches
  bool merge = true;            ///< of batches: merge their groups by representatives
  std::uint64_t seed = 0;       ///< for representatives of large groups
  MetricOptions metric{};
};

/// What was found, and what it took.
struct Grouping {
  std::vector<std::int64_t> labels;  ///< of every row: the smallest row of its group
  CompareStats stats;                ///< of all comparisons together
  std::int64_t num_batches = 0;
  std::int64_t pairs_in_batches = 0;
  std::int64_t pairs_in_merge = 0;  ///< of representatives
};

/// Makes groups (single items among them) whose representatives reach the threshold one: of `grouping.labels`, to which
/// and to whose counts it adds.
void merge_groups(const Features& features, const Metric& metric, const GroupingOptions& options, const WorkFiles& work,
                  const Context& context, Grouping& grouping);

/// Connected components of the pairs that reach the threshold, or by complete linkage groups within them; the list of
/// pairs goes to `edges`, which may be null where it is not needed (no_chain needs it). With batches: components within
/// each, and, if they are merged, groups (single items among them) whose representatives reach the threshold become
/// one. An earlier run's work is taken over. `edges` needs every pair: no batches.
Grouping group_items(const Features& features, const Metric& metric, const GroupingOptions& options, Edges* edges,
                     const WorkFiles& work, const Context& context);

}  // namespace simile
