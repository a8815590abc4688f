// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/cluster.hpp"

#include <utility>

#include "pipeline/grouping.hpp"
#include "pipeline/moving.hpp"
#include "pipeline/open.hpp"
#include "pipeline/result_run.hpp"
#include "pipeline/sample_study.hpp"
#include "pipeline/stopwatch.hpp"
#include "pipeline/target.hpp"

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/threshold.hpp"
#include "simile/pipeline/truth.hpp"
#include "simile/report/result_folder.hpp"
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
                concat("--transfer needs files, but the input holds ", opened.dataset.content()));
  }
  opened.method = checked_method(opened.dataset, options.features, options.metric);
  if (!options.truth.empty()) opened.truth = read_truth(options.truth, catalogue);
  opened.threshold = checked_threshold(options.threshold, opened.method);
  return opened;
}

/// What a random sample of all rows advises.
ThresholdAdvice advise(const Metric& metric, Method method, std::uint64_t seed, const Context& context) {
  const std::int64_t count = metric.num_left();
  const auto rows = sample_without_replacement(count, std::min(count, kDefaultSample), seed);
  return study_sample(metric, rows, count, info(method).default_threshold, context).advice;
}

/// Merging later lists the input by what the manifest says.
void check_kept(std::string_view flag, const std::vector<std::string>& globs) {
  for (const auto& glob : globs) {
    if (to_valid_utf8(glob) == glob) continue;
    throw Error(ErrorCode::invalid_argument,
                concat(flag, " ", in_quotes(glob), " with --no-merge: not UTF-8, so the manifest cannot keep it"));
  }
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
    throw Error(
        ErrorCode::invalid_argument,
        concat("--min-size ", min_size, " with --no-merge: groups of batches are not complete yet; allowed is 2"));
  }
  if (!merge_batches) {
    check_kept("--include", listing.include);
    check_kept("--exclude", listing.exclude);
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
                            format_counted(count, "item", "items"));
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

namespace {

/// What merging the batches later needs.
BatchSettings batch_settings(const ClusterOptions& options, const Opened& opened, const ClusterSummary& summary) {
  BatchSettings settings{fs::absolute(options.input).native(),
                         options.listing,
                         options.features,
                         options.metric,
                         summary.threshold,
                         summary.threshold_reason,
                         options.seed,
                         options.batch_size};
  settings.features.method = opened.method;
  return settings;
}

}  // namespace

ClusterSummary run_cluster(const ClusterOptions& options, const Context& context) {
  Stopwatch watch;
  Opened opened = open_input(options, context);
  ResultRun run(opened.out, options.overwrite, options.transfer, opened.dataset.catalogue(),
                options.checkpoint_seconds);
  watch.lap("list");

  FeatureOptions feature_options = options.features;
  feature_options.method = opened.method;
  Extraction extraction = extract_nonempty(opened.dataset, feature_options, context);
  const auto metric = make_metric(extraction.features, options.metric);
  watch.lap("read");

  ClusterSummary summary;
  summary.input = options.input.native();
  summary.kind = opened.dataset.kind;
  if (opened.method == Method::ssim) summary.window = to_string(options.metric.window.value_or(SsimWindow::uniform));
  summary.threshold = opened.threshold;
  summary.no_chain = options.no_chain;
  summary.merged = options.batch_size > 0 && options.merge_batches;
  if (options.auto_threshold) {
    const ThresholdAdvice advice = advise(*metric, opened.method, options.seed, context);
    summary.threshold = advice.threshold;
    summary.threshold_reason = advice.reason;
    watch.lap("threshold");
  }
  std::optional<Edges> edges;
  if (options.similarities || options.no_chain) {
    edges.emplace(summary.threshold, EdgesOptions{options.max_edges, context.memory_bytes / 8, run.folder()});
  }
  Context comparing = context;
  if (edges) comparing.memory_bytes -= context.memory_bytes / 4;  // the edges in memory, twice while they are sorted
  const Grouping grouping = group_items(
      extraction.features, *metric,
      {summary.threshold, options.batch_size, options.no_chain, options.merge_batches, options.seed, options.metric},
      edges ? &*edges : nullptr, run.work(), comparing);
  watch.lap("compare");

  WritingOptions writing{options.min_size,
                         options.seed,
                         options.features.limits,
                         options.features.cache,
                         options.similarities ? &*edges : nullptr,
                         std::nullopt,
                         options.arguments};
  if (options.batch_size > 0 && !options.merge_batches) writing.batches = batch_settings(options, opened, summary);
  const GroupedSet set{opened.dataset.images, extraction, *metric, grouping, opened.truth};
  return run.finish(set, writing, std::move(summary), watch, context);
}

}  // namespace simile
