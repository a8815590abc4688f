// SPDX-License-Identifier: Apache-2.0
#include "pipeline/result_run.hpp"

#include <utility>

#include "pipeline/features_key.hpp"
#include "pipeline/plain_loop.hpp"
#include "pipeline/report_page.hpp"

#include "simile/cluster/purity.hpp"
#include "simile/core/simd.hpp"
#include "simile/report/batches.hpp"
#include "simile/report/tables.hpp"

namespace simile {
namespace {

std::vector<std::string> row_classes(const std::vector<std::string>& classes, const std::vector<std::int64_t>& items) {
  std::vector<std::string> rows;
  if (classes.empty()) return rows;
  for (const auto item : items) rows.push_back(classes[static_cast<std::size_t>(item)]);
  return rows;
}

void summarise(const ClusterResult& result, ClusterSummary& summary) {
  const Clustering& clustering = result.clustering;
  summary.num_items = result.catalogue.size();
  summary.num_repeats = result.catalogue.repeats;
  summary.num_links = result.catalogue.links;
  summary.num_earlier_results = result.catalogue.earlier_results;
  summary.num_unreadable = static_cast<std::int64_t>(result.unreadable.size());
  summary.num_groups = clustering.num_clusters();
  summary.num_grouped = clustering.num_grouped();
  summary.num_outliers = static_cast<std::int64_t>(clustering.outliers.size());
  summary.largest_group = clustering.members.empty() ? 0 : static_cast<std::int64_t>(clustering.members.front().size());
  summary.num_sampled_representatives = result.representatives.num_sampled;
  summary.has_truth = !result.classes.empty();
  if (!summary.has_truth) return;
  const Purity judged = purity(clustering, result.classes);
  summary.num_judged = judged.judged;
  summary.purity = judged.value();
}

/// What the set and the machine say, besides what was found.
void describe(const GroupedSet& set, const WritingOptions& options, const Context& context, ClusterSummary& summary) {
  summary.compare = set.grouping.stats;
  summary.num_batches = set.grouping.num_batches;
  summary.pairs_in_batches = set.grouping.pairs_in_batches;
  summary.pairs_in_merge = set.grouping.pairs_in_merge;
  summary.plain_loop_seconds = plain_loop_seconds(set.metric, options.seed, context.cancellation);
  summary.method = info(set.extraction.features.method).name;
  summary.min_size = options.min_size;
  summary.seed = options.seed;
  summary.num_kept = set.extraction.num_kept;
  summary.device = to_string(set.grouping.stats.device);
  summary.threads = context.pool.num_threads();
  summary.simd = to_string(simd_level());
}

}  // namespace

ClusterSummary ResultRun::finish(const GroupedSet& set, const WritingOptions& options, ClusterSummary summary,
                                 Stopwatch& watch, const Context& context) {
  const Features& features = set.extraction.features;
  if (const auto& problem = set.grouping.stats.checkpoint_problem; !problem.empty()) context.progress.note(problem);
  ClusterResult result{set.images.catalogue,
                       features.items,
                       make_clustering(set.grouping.labels, options.min_size),
                       {},
                       std::move(set.extraction.errors),
                       row_classes(set.truth, features.items)};
  result.representatives = choose_representatives(result.clustering, set.metric, options.seed, context);
  watch.lap("represent");

  describe(set, options, context, summary);
  summarise(result, summary);
  summary.output = folder_.target().native();
  summary.transfer = transfer_;
  write_tables(folder(), result);
  if (options.batches) write_batches(folder(), result, row_keys(features), options.batches->batch_size);
  if (options.similarities != nullptr) write_similarities(folder(), result, *options.similarities, context);
  summary.num_transfer_errors = std::ssize(transfer_files(folder(), result, transfer_, context));
  watch.lap("write");

  ReportModel page = make_report_page(result, summary, set.images, options.limits, options.cache, context);
  moving_.plan(folder(), folder_.target(), result, page);
  write_report_page(folder(), page);
  watch.lap("report");
  summary.seconds = watch.laps();
  const std::string batches = options.batches ? to_json(*options.batches) : std::string();
  write_manifest(folder(), to_json(summary), options.arguments, batches);
  context.cancellation.check();
  folder_.commit();
  work_.remove();
  if (!moving_.wanted()) return summary;
  moving_.carry_out(folder_.target(), result, page, summary, context);
  watch.lap("move");
  summary.seconds = watch.laps();
  write_manifest(folder_.target(), to_json(summary), options.arguments, batches);
  return summary;
}

}  // namespace simile
