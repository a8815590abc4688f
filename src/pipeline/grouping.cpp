// SPDX-License-Identifier: Apache-2.0
#include "pipeline/grouping.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <system_error>

#include "pipeline/features_key.hpp"

#include "simile/cluster/clustering.hpp"
#include "simile/cluster/complete_linkage.hpp"
#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/state_file.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/select_items.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/union_find.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kBatchesKind = "batches";

void add(const CompareStats& part, CompareStats& total) {
  total.pairs += part.pairs;
  total.pairs_resumed += part.pairs_resumed;
  total.pairs_skipped += part.pairs_skipped;
  total.exact_evaluations += part.exact_evaluations;
  total.tiles_split += part.tiles_split;
  total.seconds += part.seconds;
  if (part.device.kind != Device::Kind::cpu) total.device = part.device;
  if (total.checkpoint_problem.empty()) total.checkpoint_problem = part.checkpoint_problem;
}

/// Groups batches one after the other, keeping what is done in a file.
class Batches {
 public:
  Batches(const Features& features, const GroupingOptions& options, const WorkFiles& work, const Context& context)
      : features_(features),
        options_(options),
        work_(work),
        context_(context),
        num_items_(features.num_rows()),
        key_(concat(features_key(features, options.metric), ", from ", options.threshold, " on, ", options.batch_size,
                    " a batch")) {}

  Grouping run() {
    grouping_.num_batches = (num_items_ + options_.batch_size - 1) / options_.batch_size;
    grouping_.labels.reserve(static_cast<std::size_t>(num_items_));
    read_done();
    auto written = Clock::now();
    while (std::ssize(grouping_.labels) < num_items_) {
      group_next();
      const std::chrono::duration<double> since = Clock::now() - written;
      if (since.count() < work_.interval_seconds()) continue;
      write_done();
      written = Clock::now();
    }
    return std::move(grouping_);
  }

 private:
  void group_next() {
    const std::int64_t begin = std::ssize(grouping_.labels);
    const std::int64_t end = std::min(begin + options_.batch_size, num_items_);
    std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
    std::iota(rows.begin(), rows.end(), begin);
    const Features batch = select_rows(features_, rows);
    const auto metric = make_metric(batch, options_.metric);
    Components components(options_.threshold);
    const Checkpoint checkpoint = work_.checkpoint(concat(key_, ", items from ", begin));
    const auto stats = compare(Pairs::triangle(end - begin), *metric, components, context_, &checkpoint);
    grouping_.pairs_in_batches += stats.pairs;
    add(stats, grouping_.stats);
    for (const auto label : components.labels()) grouping_.labels.push_back(begin + label);
  }

  /// Takes over what an earlier run has grouped; a file that is not of this run is ignored.
  void read_done() {
    std::error_code missing;
    if (!fs::exists(work_.batches(), missing)) return;
    try {
      const InputFile file(work_.batches());
      StateReader in(kBatchesKind, file);
      if (in.text() != key_) throw_bad_state("it is of another run");
      auto labels = in.array<std::int64_t>();
      in.finish();
      const auto count = std::ssize(labels);
      if (count > num_items_ || (count % options_.batch_size != 0 && count != num_items_)) {
        throw_bad_state("it has other batches");
      }
      for (std::int64_t row = 0; row < count; ++row) {
        const auto label = labels[static_cast<std::size_t>(row)];
        if (label > row || label < row / options_.batch_size * options_.batch_size) throw_bad_state("a label is wrong");
      }
      grouping_.labels = std::move(labels);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::decode && error.code() != ErrorCode::io) throw;
      grouping_.stats.checkpoint_problem =
          concat("the checkpoint ", in_quotes(work_.batches().native()), " ", error.what());
      return;
    }
    for (std::int64_t begin = 0; begin < std::ssize(grouping_.labels); begin += options_.batch_size) {
      const auto count = std::min(begin + options_.batch_size, num_items_) - begin;
      grouping_.pairs_in_batches += Pairs::triangle(count).count();
    }
    grouping_.stats.pairs = grouping_.stats.pairs_resumed = grouping_.pairs_in_batches;
  }

  /// What cannot be kept (a full disk) is a problem of a later run, not of this one.
  void write_done() {
    try {
      AtomicFile file(work_.batches());
      StateWriter out(kBatchesKind, [&](std::string_view bytes) { file.write(bytes); });
      out.text(key_);
      out.array(std::span<const std::int64_t>(grouping_.labels));
      out.finish();
      file.commit();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::io && error.code() != ErrorCode::not_found) throw;
      grouping_.stats.checkpoint_problem = concat("no checkpoint was written: ", error.what());
    }
  }

  const Features& features_;
  const GroupingOptions& options_;
  const WorkFiles& work_;
  const Context& context_;
  std::int64_t num_items_;
  std::string key_;
  Grouping grouping_;
};

/// Every pair, in one comparison.
Grouping group_all(const Features& features, const Metric& metric, const GroupingOptions& options, Edges* edges,
                   const WorkFiles& work, const Context& context) {
  const Pairs pairs = Pairs::triangle(metric.num_left());
  Checkpoint checkpoint = work.checkpoint(features_key(features, options.metric));
  checkpoint.keep = true;
  Grouping grouping;
  if (edges == nullptr) {
    Components components(options.threshold);
    grouping.stats = compare(pairs, metric, components, context, &checkpoint);
    grouping.labels = components.labels();
    return grouping;
  }
  grouping.stats = compare(pairs, metric, *edges, context, &checkpoint);
  UnionFind sets(metric.num_left());
  edges->for_each([&](const Edge& edge) {
    context.cancellation.check();
    sets.unite(edge.left, edge.right);
  });
  grouping.labels = sets.labels();
  if (!options.no_chain) return grouping;
  try {
    grouping.labels = complete_linkage(*edges, grouping.labels, context);
  } catch (const Error& error) {
    // A component that is too large will be so again: its pairs, perhaps gigabytes, are of no use to a later run.
    if (error.code() == ErrorCode::invalid_argument) work.remove();
    throw;
  }
  return grouping;
}

}  // namespace

WorkFiles::WorkFiles(const fs::path& target, double interval_seconds)
    : comparison_(target.parent_path() / concat(".", target.filename().native(), ".checkpoint")),
      batches_(target.parent_path() / concat(".", target.filename().native(), ".batches")),
      interval_seconds_(interval_seconds) {}

Checkpoint WorkFiles::checkpoint(std::string key) const {
  return {comparison_, interval_seconds_, std::move(key), false};
}

void WorkFiles::remove() const {
  std::error_code ignored;  // what stays is ignored by the next run, too
  fs::remove(comparison_, ignored);
  fs::remove(batches_, ignored);
}

Grouping group_items(const Features& features, const Metric& metric, const GroupingOptions& options, Edges* edges,
                     const WorkFiles& work, const Context& context) {
  if (options.batch_size == 0) return group_all(features, metric, options, edges, work, context);
  ensure(edges == nullptr, "batches do not compare every pair");
  Grouping grouping = Batches(features, options, work, context).run();
  if (options.merge && grouping.num_batches > 1) merge_groups(features, metric, options, work, context, grouping);
  return grouping;
}

void merge_groups(const Features& features, const Metric& metric, const GroupingOptions& options, const WorkFiles& work,
                  const Context& context, Grouping& grouping) {
  const Clustering clustering = make_clustering(grouping.labels, 2);
  std::vector<std::int64_t> rows = choose_representatives(clustering, metric, options.seed, context).of_cluster;
  rows.insert(rows.end(), clustering.outliers.begin(), clustering.outliers.end());
  std::sort(rows.begin(), rows.end());
  const Features representatives = select_rows(features, rows);
  const auto compared = make_metric(representatives, options.metric);
  Components components(options.threshold);
  const Checkpoint checkpoint = work.checkpoint(concat(features_key(representatives, options.metric), ", merging"));
  const auto stats = compare(Pairs::triangle(std::ssize(rows)), *compared, components, context, &checkpoint);
  grouping.pairs_in_merge = stats.pairs;
  add(stats, grouping.stats);
  UnionFind sets(std::ssize(grouping.labels));
  for (std::int64_t row = 0; row < std::ssize(grouping.labels); ++row) {
    sets.unite(row, grouping.labels[static_cast<std::size_t>(row)]);
  }
  for (std::size_t k = 0; k < rows.size(); ++k) {
    sets.unite(rows[k], rows[static_cast<std::size_t>(components.labels()[k])]);
  }
  grouping.labels = sets.labels();
}

}  // namespace simile
