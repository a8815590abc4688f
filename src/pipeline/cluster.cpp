// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/cluster.hpp"

#include <chrono>
#include <utility>

#include "pipeline/open.hpp"

#include "simile/cluster/purity.hpp"
#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/simd.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/core/version.hpp"
#include "simile/pipeline/truth.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/report/tables.hpp"
#include "simile/report/thumbnails.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// Seconds by phase.
class Stopwatch {
 public:
  void lap(std::string phase) {
    const auto now = std::chrono::steady_clock::now();
    laps_.emplace_back(std::move(phase), std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }
  std::vector<std::pair<std::string, double>> laps() const { return laps_; }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::vector<std::pair<std::string, double>> laps_;
};

fs::path resolved_out(const ClusterOptions& options) {
  const fs::path out = options.out.empty() ? default_result_folder(options.input) : options.out;
  const fs::path absolute = fs::absolute(out).lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();  // without a slash at the end
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto relative = fs::weakly_canonical(path).lexically_relative(fs::weakly_canonical(folder));
  return !relative.empty() && *relative.begin() != "..";
}

/// A result inside its own input would be read as photos by the next run; an input inside the result that is replaced
/// would be deleted with it.
void check_apart(const fs::path& out, const fs::path& input) {
  if (fs::is_directory(input) && is_inside(out, input)) {
    throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(out.native()), " lies inside the input ",
                                                    in_quotes(input.native()), "; choose a folder outside"));
  }
  if (is_inside(input, out)) {
    throw Error(ErrorCode::invalid_argument, concat("the input ", in_quotes(input.native()), " lies inside --out ",
                                                    in_quotes(out.native()), ", which would be replaced"));
  }
}

/// The same for what a list names, where there is something to replace.
void check_items_apart(const fs::path& out, const Catalogue& catalogue) {
  if (!catalogue.has_files || !fs::exists(out)) return;
  const fs::path replaced = fs::weakly_canonical(out);
  for (std::int64_t item = 0; item < catalogue.size(); ++item) {
    if (is_inside(catalogue.file(item), replaced)) {
      throw Error(ErrorCode::invalid_argument,
                  concat("the item ", in_quotes(catalogue.file(item).native()), " lies inside --out ",
                         in_quotes(out.native()), ", which would be replaced"));
    }
  }
}

/// What both a plan and a run need first: the items, and every check that needs no reading of them.
struct Opened {
  Dataset dataset;
  Method method{};
  double threshold = 0;
  fs::path out;
  std::vector<std::string> truth;  ///< class of every item; empty without --truth
};

double checked_threshold(const ClusterOptions& options, Method method) {
  const MethodInfo& method_info = info(method);
  const double threshold = options.threshold.value_or(method_info.default_threshold);
  if (!(threshold >= method_info.min_threshold && threshold <= 1)) {
    throw Error(ErrorCode::invalid_argument, concat("--threshold ", threshold, ": allowed for ", method_info.name,
                                                    " are ", method_info.min_threshold, " to 1"));
  }
  return threshold;
}

Opened open_input(const ClusterOptions& options, const Context& context) {
  options.validate();
  Opened opened;
  if (options.features.method) checked_threshold(options, *options.features.method);
  if (!fs::exists(options.input)) {
    throw Error(ErrorCode::not_found, concat("no such file or folder: ", in_quotes(options.input.native())));
  }
  opened.out = resolved_out(options);
  check_apart(opened.out, options.input);
  check_result_target(opened.out, options.overwrite);
  opened.dataset = open_nonempty(options.input, options.listing, context);
  const Catalogue& catalogue = opened.dataset.catalogue();
  if (opened.dataset.kind == "list") check_items_apart(opened.out, catalogue);
  if (options.transfer != Transfer::none && !catalogue.has_files) {
    throw Error(ErrorCode::invalid_argument,
                concat("--transfer needs files, but the input holds ", opened.dataset.kind));
  }
  opened.method = choose_method(opened.dataset, options.features.method);
  if (!options.truth.empty()) opened.truth = read_truth(options.truth, catalogue);
  opened.threshold = checked_threshold(options, opened.method);
  return opened;
}

/// Components of the pairs that reach the threshold; their list too when it is wanted.
std::vector<std::int64_t> find_components(const Metric& metric, double threshold, Edges* edges, const Context& context,
                                          CompareStats& stats) {
  const Pairs pairs = Pairs::triangle(metric.num_left());
  if (edges == nullptr) {
    Components components(threshold);
    stats = compare(pairs, metric, components, context);
    return components.labels();
  }
  stats = compare(pairs, metric, *edges, context);
  UnionFind sets(metric.num_left());
  edges->for_each([&](const Edge& edge) {
    context.cancellation.check();
    sets.unite(edge.left, edge.right);
  });
  return sets.labels();
}

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

void write_report_page(const fs::path& folder, const Opened& opened, const ClusterOptions& options,
                       const ClusterResult& result, const ClusterSummary& summary, const Context& context) {
  ReportModel model = make_report_model(result);
  const Catalogue& catalogue = result.catalogue;
  fs::path name = fs::weakly_canonical(fs::absolute(options.input));
  model.title = name.filename().native();
  model.method = summary.method;
  model.threshold = summary.threshold;
  model.version = kVersion;
  model.facts = {{"Images", format_count(summary.num_items)},
                 {"Groups", format_count(summary.num_groups)},
                 {"Grouped", format_count(summary.num_grouped)},
                 {"Share grouped", format_share(summary.share_grouped())},
                 {"Outliers", format_count(summary.num_outliers)}};
  if (summary.num_unreadable > 0) model.facts.emplace_back("Unreadable", format_count(summary.num_unreadable));
  if (summary.num_judged > 0) model.facts.emplace_back("Purity of groups", format_share(summary.purity));
  model.facts.emplace_back("Pairs", format_count(summary.compare.pairs));
  if (catalogue.has_files) model.link_prefix = link_prefix(opened.out, catalogue.root);
  if (summary.num_sampled_representatives > 0) {
    model.representative_note =
        concat("In groups of more than ", format_count(kMaxExactMembers),
               " images the representative was chosen by its mean similarity to ", kRepresentativeSample, " of them.");
  }
  if (catalogue.has_files || opened.dataset.images.in_memory()) {
    model.thumbnails = make_thumbnails(opened.dataset.images, thumbnail_plan(model), options.features.limits, context);
  }
  AtomicFile file(folder / "report.html");
  file.write(html_report(model));
  file.commit();
}

}  // namespace

void ClusterOptions::validate() const {
  features.validate();
  if (min_size < 1) throw Error(ErrorCode::invalid_argument, concat("--min-size ", min_size, ": allowed is 1 or more"));
  if (max_edges < 1)
    throw Error(ErrorCode::invalid_argument, concat("--max-edges ", max_edges, ": allowed is 1 or more"));
}

fs::path default_result_folder(const fs::path& input) {
  fs::path resolved = fs::weakly_canonical(fs::absolute(input));
  if (!resolved.has_filename()) resolved = resolved.parent_path();
  return resolved.parent_path() / concat(resolved.filename().native(), "_clustered");
}

std::string plan_cluster(const ClusterOptions& options, const Context& context) {
  const Opened opened = open_input(options, context);
  const std::int64_t count = opened.dataset.catalogue().size();
  std::string plan = concat("input: ", opened.dataset.kind, " ", in_quotes(options.input.native()), ", ",
                            format_count(count), " items");
  if (opened.dataset.catalogue().repeats > 0)
    plan += concat(" (", opened.dataset.catalogue().repeats, " repeats left out)");
  plan += concat("\ncompare: every pair, ", format_count(count * (count - 1) / 2), ", by ", info(opened.method).name,
                 "; alike from ", opened.threshold, " on\ngroups: at least ", options.min_size,
                 " images\nwrite: ", in_quotes(opened.out.native()),
                 fs::exists(opened.out) ? " (replaces the earlier result)" : "", "\n");
  if (options.transfer != Transfer::none) {
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
  watch.lap("list");

  FeatureOptions feature_options = options.features;
  feature_options.method = opened.method;
  Extraction extraction = extract_nonempty(opened.dataset, feature_options, context);
  const Features& features = extraction.features;
  watch.lap("read");

  ClusterSummary summary;
  const auto metric = make_metric(features);
  std::optional<Edges> edges;
  if (options.similarities) {
    edges.emplace(opened.threshold, EdgesOptions{options.max_edges, context.memory_bytes / 8, folder.path()});
  }
  Context comparing = context;
  if (edges) comparing.memory_bytes -= context.memory_bytes / 4;  // the edges in memory, twice while they are sorted
  const auto labels = find_components(*metric, opened.threshold, edges ? &*edges : nullptr, comparing, summary.compare);
  watch.lap("compare");

  ClusterResult result{catalogue,
                       features.items,
                       make_clustering(labels, options.min_size),
                       {},
                       std::move(extraction.errors),
                       row_classes(opened.truth, features.items)};
  result.representatives = choose_representatives(result.clustering, *metric, options.seed, context);
  watch.lap("represent");

  summary.input = options.input.native();
  summary.output = opened.out.native();
  summary.kind = opened.dataset.kind;
  summary.method = info(opened.method).name;
  summary.threshold = opened.threshold;
  summary.min_size = options.min_size;
  summary.seed = options.seed;
  summary.device = to_string(context.device);
  summary.threads = context.pool.num_threads();
  summary.simd = to_string(simd_level());
  summarise(result, summary);

  write_tables(folder.path(), result);
  if (edges) write_similarities(folder.path(), result, *edges, context);
  const auto transfer_errors = transfer_files(folder.path(), result, options.transfer, context);
  summary.num_transfer_errors = static_cast<std::int64_t>(transfer_errors.size());
  watch.lap("write");
  write_report_page(folder.path(), opened, options, result, summary, context);
  watch.lap("report");
  summary.seconds = watch.laps();
  write_manifest(folder.path(), summary, options.arguments);
  context.cancellation.check();
  folder.commit();
  return summary;
}

}  // namespace simile
