// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/merge.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "pipeline/merge_input.hpp"
#include "pipeline/open.hpp"
#include "pipeline/result_run.hpp"
#include "pipeline/target.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/feature/select_items.hpp"
#include "simile/pipeline/truth.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/similarity/union_find.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMergedSuffix = "_merged";

/// What both a plan and a run need first: the items, and every check that needs no reading of them.
struct Opened {
  std::vector<BatchSource> sources;
  JointSet joint;  ///< of several sources
  Method method{};
  double threshold = 0;
  fs::path out;
  std::vector<std::string> truth;

  const BatchSettings& settings() const { return sources.front().settings; }
  const ImageSet& images() const { return sources.size() == 1 ? sources.front().dataset.images : joint.images; }
  std::string input() const {
    return sources.size() == 1 ? sources.front().input.native() : joint.images.catalogue.root.native();
  }
  std::string kind() const { return sources.size() == 1 ? sources.front().dataset.kind : "several inputs"; }
};

/// A result that is written into one of the folders, or around it, would not be found whole or take it along.
void check_target(const fs::path& out, const std::vector<BatchSource>& sources, bool overwrite) {
  for (const auto& source : sources) {
    check_apart(out, source.input);
    if (fs::weakly_canonical(out) != fs::weakly_canonical(source.folder)) check_apart(out, source.folder);
  }
  check_result_target(out, overwrite);
}

Opened open_batches(const MergeOptions& options, const Context& context) {
  options.validate();
  Opened opened;
  for (std::size_t k = 0; k < options.folders.size(); ++k) {
    opened.sources.push_back(open_source(options.folders[k], options.inputs.empty() ? fs::path() : options.inputs[k]));
    FeatureOptions& features = opened.sources[k].settings.features;
    if (options.max_decode_seconds) features.limits.max_decode_seconds = *options.max_decode_seconds;
    features.validate();
    check_mergeable(opened.settings(), options.folders.front(), opened.sources[k].settings, options.folders[k]);
  }
  opened.method = *opened.settings().features.method;
  opened.threshold = checked_threshold(options.threshold.value_or(opened.settings().threshold), opened.method);
  opened.out = resolved_out(options.out, options.folders.front(), kMergedSuffix);
  check_target(opened.out, opened.sources, options.overwrite);
  for (auto& source : opened.sources) list_source(source, context);
  if (opened.sources.size() > 1) opened.joint = join_sources(opened.sources);
  const Catalogue& catalogue = opened.images().catalogue;
  if (options.transfer != Transfer::none && !catalogue.has_files) {
    throw Error(ErrorCode::invalid_argument, concat("--transfer needs files, but the input holds ", opened.kind()));
  }
  check_items_apart(opened.out, catalogue);
  if (!options.truth.empty()) opened.truth = read_truth(options.truth, catalogue);
  return opened;
}

/// Groups of one batch are apart because their images are not alike.
bool compares(const Opened& opened, std::int64_t num_batches) {
  return num_batches > 1 || opened.threshold < opened.settings().threshold;
}

/// Features of all items, and the groups that they are in.
struct Read {
  Extraction extraction;
  Grouping grouping;
};

/// What comparing within batches took, done by earlier runs.
void count_batches(const Batches& batches, Grouping& grouping) {
  const auto num_rows = std::ssize(batches.ids);
  for (std::int64_t begin = 0; begin < num_rows; begin += batches.batch_size) {
    grouping.pairs_in_batches += Pairs::triangle(std::min(batches.batch_size, num_rows - begin)).count();
    ++grouping.num_batches;
  }
  grouping.stats.pairs = grouping.stats.pairs_resumed = grouping.pairs_in_batches;
}

std::int64_t bytes_of(const Features& features) {
  return features.images.size_bytes() + features.colour_images.size_bytes() + features.codes.size_bytes() +
         features.signatures.size_bytes() + features.vectors.size_bytes();
}

/// Joining the parts holds all of their features twice.
void check_joinable(std::int64_t feature_bytes, const Context& context) {
  if (2 * feature_bytes <= context.memory_bytes) return;
  throw Error(ErrorCode::out_of_memory, concat("joining the features of several folders needs ",
                                               format_bytes(2 * feature_bytes), " or more; --memory allows ",
                                               format_bytes(context.memory_bytes), " (merge fewer folders at once)"));
}

Features join_in_order(std::vector<Features> parts, const std::vector<std::int64_t>& order) {
  const Features all = join_rows(parts);
  parts.clear();  // before the next copy
  return select_rows(all, order);
}

/// Rows of several sources, one source after the other, in the order of the items of the joint set.
Read join(std::vector<Extraction> parts, const Opened& opened) {
  Read read;
  std::vector<Features> features;
  std::vector<std::int64_t> items;   // of the joint set, by row of the parts in a row
  std::vector<std::int64_t> labels;  // in those rows
  for (std::size_t s = 0; s < parts.size(); ++s) {
    const auto begin = std::ssize(items);
    const auto item = [&](std::int64_t there) { return opened.joint.item_of[s][static_cast<std::size_t>(there)]; };
    for (const auto there : parts[s].features.items) items.push_back(item(there));
    for (const auto label : opened.sources[s].batches.labels) labels.push_back(begin + label);
    for (auto& error : parts[s].errors) read.extraction.errors.push_back({item(error.item), std::move(error.reason)});
    read.extraction.num_kept += parts[s].num_kept;
    features.push_back(std::move(parts[s].features));
  }
  std::vector<std::int64_t> order(items.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return items[static_cast<std::size_t>(a)] < items[static_cast<std::size_t>(b)];
  });
  read.extraction.features = join_in_order(std::move(features), order);
  std::vector<std::int64_t> row_of(order.size());
  for (std::size_t row = 0; row < order.size(); ++row) {
    row_of[static_cast<std::size_t>(order[row])] = static_cast<std::int64_t>(row);
    read.extraction.features.items[row] = items[static_cast<std::size_t>(order[row])];
  }
  UnionFind groups(std::ssize(order));
  for (std::size_t k = 0; k < labels.size(); ++k) groups.unite(row_of[k], row_of[static_cast<std::size_t>(labels[k])]);
  read.grouping.labels = groups.labels();
  std::sort(read.extraction.errors.begin(), read.extraction.errors.end(),
            [](const auto& a, const auto& b) { return a.item < b.item; });
  return read;
}

Read read_sources(Opened& opened, const CacheOptions& cache, const Context& context) {
  std::vector<Extraction> parts;
  Context reading = context;
  for (auto& source : opened.sources) {
    parts.push_back(read_source(source, cache, reading));
    reading.memory_bytes -= bytes_of(parts.back().features);
    if (opened.sources.size() > 1) check_joinable(context.memory_bytes - reading.memory_bytes, context);
  }
  Read read;
  if (parts.size() == 1) {
    read = {std::move(parts.front()), {}};
    read.grouping.labels = opened.sources.front().batches.labels;
  } else {
    read = join(std::move(parts), opened);
  }
  for (const auto& source : opened.sources) count_batches(source.batches, read.grouping);
  return read;
}

}  // namespace

void MergeOptions::validate() const {
  if (folders.empty()) throw Error(ErrorCode::invalid_argument, "DIR is required");
  for (std::size_t k = 0; k < folders.size(); ++k) {
    for (std::size_t other = 0; other < k; ++other) {
      if (fs::weakly_canonical(folders[k]) != fs::weakly_canonical(folders[other])) continue;
      throw Error(ErrorCode::invalid_argument, concat(in_quotes(folders[k].native()), " is named twice"));
    }
  }
  if (!inputs.empty() && inputs.size() != folders.size()) {
    throw Error(ErrorCode::invalid_argument,
                concat("--input ", in_quotes(inputs.front().native()), ": give one for each of ", folders.size(),
                       " folders, in their order, not ", inputs.size()));
  }
  if (min_size < 1) throw Error(ErrorCode::invalid_argument, concat("--min-size ", min_size, ": allowed is 1 or more"));
}

fs::path default_merged_folder(const fs::path& folder) { return beside(folder, kMergedSuffix); }

std::string plan_merge(const MergeOptions& options, const Context& context) {
  const Opened opened = open_batches(options, context);
  std::string plan;
  std::int64_t num_groups = 0;
  std::int64_t num_batches = 0;
  for (const auto& source : opened.sources) {
    const auto& labels = source.batches.labels;
    Grouping grouping;
    count_batches(source.batches, grouping);
    num_batches += grouping.num_batches;
    plan += concat("batches: ", format_counted(grouping.num_batches, "batch", "batches"), " of ",
                   in_quotes(source.folder.native()), ", ", format_counted(std::ssize(labels), "image", "images"),
                   " of ", in_quotes(source.input.native()), "\n");
    for (std::size_t row = 0; row < labels.size(); ++row) num_groups += labels[row] == static_cast<std::int64_t>(row);
  }
  const auto compared = compares(opened, num_batches)
                            ? concat(format_counted(num_groups, "representative", "representatives"), ", ",
                                     format_counted(Pairs::triangle(num_groups).count(), "pair", "pairs"))
                            : std::string("nothing more, since groups of one batch are apart");
  return plan + concat("compare: ", compared, ", by ", info(opened.method).name, "; alike from ", opened.threshold,
                       " on\ngroups: at least ", options.min_size, " images\nwrite: ", in_quotes(opened.out.native()),
                       fs::exists(opened.out) ? " (replaces the earlier result)" : "",
                       "\nnothing was written (--dry-run)\n");
}

ClusterSummary run_merge(const MergeOptions& options, const Context& context) {
  Stopwatch watch;
  Opened opened = open_batches(options, context);
  ResultRun run(opened.out, options.overwrite, options.transfer, opened.images().catalogue, options.checkpoint_seconds);
  watch.lap("list");

  Read read = read_sources(opened, options.cache, context);
  const BatchSettings& settings = opened.settings();
  const auto metric = make_metric(read.extraction.features, settings.metric);
  watch.lap("read");

  if (compares(opened, read.grouping.num_batches)) {
    merge_groups(read.extraction.features, *metric,
                 {.threshold = opened.threshold, .seed = settings.seed, .metric = settings.metric}, run.work(), context,
                 read.grouping);
  }
  watch.lap("compare");

  ClusterSummary summary;
  summary.input = opened.input();
  summary.kind = opened.kind();
  if (opened.method == Method::ssim) summary.window = to_string(settings.metric.window.value_or(SsimWindow::uniform));
  summary.threshold = opened.threshold;
  summary.threshold_in_batches = settings.threshold;
  if (summary.threshold == settings.threshold) summary.threshold_reason = settings.threshold_reason;
  summary.merged = true;
  for (const auto& source : opened.sources) summary.merged_from.push_back(source.folder.native());
  const GroupedSet set{opened.images(), read.extraction, *metric, read.grouping, opened.truth};
  return run.finish(set,
                    {.min_size = options.min_size,
                     .seed = settings.seed,
                     .limits = settings.features.limits,
                     .cache = options.cache,
                     .arguments = options.arguments},
                    std::move(summary), watch, context);
}

}  // namespace simile
