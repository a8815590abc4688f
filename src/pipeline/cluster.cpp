// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/cluster.hpp"

#include <utility>

#include "pipeline/grouping.hpp"
#include "pipeline/moving.hpp"
#include "pipeline/open.hpp"
#include "pipeline/plain_loop.hpp"
#include "pipeline/report_page.hpp"
#include "pipeline/sample_study.hpp"
#include "pipeline/stopwatch.hpp"
#include "pipeline/target.hpp"

#include "simile/cluster/purity.hpp"
#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/simd.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/threshold.hpp"
#include "simile/pipeline/truth.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/report/tables.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kResultSuffix = "_clustered";

/// What both a plan and a run need first: the items, and every check that needs no reading of them.
struct Opened {
  Dataset dataset;
  Method method{};
  double threshold = 0;
  fs::path out;
  std::vector<std::string> truth;  ///< class of every item; empty without --truth
};

Opened open_input(const ClusterOptions& options, const Context& context) {
  options.validate();
  Opened opened;
  if (options.features.method) checked_threshold(options.threshold, *options.features.method);
  OpenedInput input =
      open_for_result(options.input, options.out, kResultSuffix, options.overwrite, options.listing, context);
  opened.out = std::move(input.out);
  opened.dataset = std::move(input.dataset);
  const Catalogue& catalogue = opened.dataset.catalogue();
  if (options.transfer != Transfer::none && !catalogue.has_files) {
    throw Error(ErrorCode::invalid_argument,
                concat("--transfer needs files, but the input holds ", opened.dataset.kind));
  }
  opened.method = checked_method(opened.dataset, options.features, options.metric);
  if (!options.truth.empty()) opened.truth = read_truth(options.truth, catalogue);
  opened.threshold = checked_threshold(options.threshold, opened.method);
  return opened;
}

std::vector<std::string> row_classes(const std::vector<std::string>& classes, const std::vector<std::int64_t>& items) {
  std::vector<std::string> rows;
  if (classes.empty()) return rows;
  for (const auto item : items) rows.push_back(classes[static_cast<std::size_t>(item)]);
  return rows;
}

/// What a random sample of all rows advises.
ThresholdAdvice advise(const Metric& metric, Method method, std::uint64_t seed, const Context& context) {
  const std::int64_t count = metric.num_left();
  const auto rows = sample_without_replacement(count, std::min(count, kDefaultSample), seed);
  return study_sample(metric, rows, count, info(method).default_threshold, context).advice;
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

}  // namespace

void ClusterOptions::validate() const {
  features.validate();
  if (auto_threshold && threshold) {
    throw Error(ErrorCode::invalid_argument, "--auto-threshold and --threshold exclude each other");
  }
  if (batch_size < 0 || batch_size == 1) {
    throw Error(ErrorCode::invalid_argument, concat("--batch-size ", batch_size, ": allowed is 2 or more"));
  }
  if (batch_size > 0 && similarities) {
    throw Error(ErrorCode::invalid_argument,
                "--similarities and --batch-size exclude each other: batches do not compare every pair");
  }
  if (batch_size > 0 && no_chain) {
    throw Error(ErrorCode::invalid_argument,
                "--no-chain and --batch-size exclude each other: batches do not compare every pair");
  }
  if (!merge_batches && batch_size == 0) {
    throw Error(ErrorCode::invalid_argument, "--no-merge: no effect without --batch-size");
  }
  if (!merge_batches && min_size != 2) {
    throw Error(ErrorCode::invalid_argument,
                concat("--min-size ", min_size, " with --no-merge: groups of batches are not complete yet; allowed is 2"));
  }
  if (min_size < 1) throw Error(ErrorCode::invalid_argument, concat("--min-size ", min_size, ": allowed is 1 or more"));
  if (max_edges < 1)
    throw Error(ErrorCode::invalid_argument, concat("--max-edges ", max_edges, ": allowed is 1 or more"));
}

fs::path default_result_folder(const fs::path& input) { return beside(input, kResultSuffix); }

namespace {

std::string describe_pairs(std::int64_t count, const ClusterOptions& options) {
  if (options.batch_size == 0) return concat("every pair, ", format_count(Pairs::triangle(count).count()));
  const std::int64_t batches = (count + options.batch_size - 1) / options.batch_size;
  return concat(format_counted(batches, "batch", "batches"), " of up to ", format_count(options.batch_size),
                " images, ", options.merge_batches ? "then their representatives" : "not merged");
}

}  // namespace

std::string plan_cluster(const ClusterOptions& options, const Context& context) {
  const Opened opened = open_input(options, context);
  const std::int64_t count = opened.dataset.catalogue().size();
  std::string plan = concat("input: ", opened.dataset.kind, " ", in_quotes(options.input.native()), ", ",
                            format_count(count), " items");
  if (opened.dataset.catalogue().repeats > 0)
    plan += concat(" (", opened.dataset.catalogue().repeats, " repeats left out)");
  plan += concat("\ncompare: ", describe_pairs(count, options), ", by ", info(opened.method).name, "; alike from ",
                 options.auto_threshold ? std::string("an advised threshold") : format_double(opened.threshold),
                 " on\ngroups: at least ", options.min_size, options.no_chain ? " images, every pair alike" : " images",
                 "\nwrite: ", in_quotes(opened.out.native()),
                 fs::exists(opened.out) ? " (replaces the earlier result)" : "", "\n");
  if (options.transfer == Transfer::move) {
    plan += describe_moving(opened.dataset.catalogue(), opened.out);
  } else if (options.transfer != Transfer::none) {
    plan += concat(options.transfer == Transfer::copy ? "copy" : "link", ": ", format_count(count), " files below ",
                   in_quotes((opened.out / "results").native()), "\n");
  }
  return plan + "nothing was written (--dry-run)\n";
}

ClusterSummary run_cluster(const ClusterOptions& options, const Context& context) {
  Stopwatch watch;
  Opened opened = open_input(options, context);
  const Catalogue& catalogue = opened.dataset.catalogue();
  ResultFolder folder(opened.out, options.overwrite);
  Moving moving(options.transfer, catalogue);
  watch.lap("list");

  FeatureOptions feature_options = options.features;
  feature_options.method = opened.method;
  Extraction extraction = extract_nonempty(opened.dataset, feature_options, context);
  const Features& features = extraction.features;
  watch.lap("read");

  ClusterSummary summary;
  const auto metric = make_metric(features, options.metric);
  double threshold = opened.threshold;
  if (options.auto_threshold) {
    const ThresholdAdvice advice = advise(*metric, opened.method, options.seed, context);
    threshold = advice.threshold;
    summary.threshold_reason = advice.reason;
    watch.lap("threshold");
  }
  std::optional<Edges> edges;
  if (options.similarities || options.no_chain) {
    edges.emplace(threshold, EdgesOptions{options.max_edges, context.memory_bytes / 8, folder.path()});
  }
  Context comparing = context;
  if (edges) comparing.memory_bytes -= context.memory_bytes / 4;  // the edges in memory, twice while they are sorted
  const WorkFiles work(opened.out, options.checkpoint_seconds);
  const Grouping grouping = group_items(
      features, *metric,
      {threshold, options.batch_size, options.no_chain, options.merge_batches, options.seed, options.metric},
      edges ? &*edges : nullptr, work, comparing);
  summary.compare = grouping.stats;
  summary.num_batches = grouping.num_batches;
  summary.merged = grouping.num_batches > 0 && options.merge_batches;
  summary.pairs_in_batches = grouping.pairs_in_batches;
  summary.pairs_in_merge = grouping.pairs_in_merge;
  watch.lap("compare");

  ClusterResult result{catalogue,
                       features.items,
                       make_clustering(grouping.labels, options.min_size),
                       {},
                       std::move(extraction.errors),
                       row_classes(opened.truth, features.items)};
  result.representatives = choose_representatives(result.clustering, *metric, options.seed, context);
  watch.lap("represent");

  summary.plain_loop_seconds = plain_loop_seconds(*metric, options.seed, context.cancellation);
  summary.input = options.input.native();
  summary.output = opened.out.native();
  summary.kind = opened.dataset.kind;
  summary.method = info(opened.method).name;
  if (opened.method == Method::ssim) summary.window = to_string(options.metric.window.value_or(SsimWindow::uniform));
  summary.threshold = threshold;
  summary.min_size = options.min_size;
  summary.no_chain = options.no_chain;
  summary.seed = options.seed;
  summary.num_kept = extraction.num_kept;
  summary.device = to_string(context.device);
  summary.threads = context.pool.num_threads();
  summary.simd = to_string(simd_level());
  summarise(result, summary);

  write_tables(folder.path(), result);
  if (options.similarities) write_similarities(folder.path(), result, *edges, context);
  const auto transfer_errors = transfer_files(folder.path(), result, options.transfer, context);
  summary.transfer = options.transfer;
  summary.num_transfer_errors = static_cast<std::int64_t>(transfer_errors.size());
  watch.lap("write");
  ReportModel page = make_report_page(result, summary, opened.dataset.images, options.features.limits,
                                      options.features.cache, context);
  moving.plan(folder.path(), opened.out, result, page);
  write_report_page(folder.path(), page);
  watch.lap("report");
  summary.seconds = watch.laps();
  write_manifest(folder.path(), to_json(summary), options.arguments);
  context.cancellation.check();
  folder.commit();
  work.remove();
  if (!moving.wanted()) return summary;
  moving.carry_out(opened.out, result, page, summary, context);
  watch.lap("move");
  summary.seconds = watch.laps();
  write_manifest(opened.out, to_json(summary), options.arguments);
  return summary;
}

}  // namespace simile
