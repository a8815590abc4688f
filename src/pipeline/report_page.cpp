// SPDX-License-Identifier: Apache-2.0
#include "pipeline/report_page.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/core/version.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/thumbnails.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

namespace fs = std::filesystem;

ReportModel make_report_page(const ClusterResult& result, const ClusterSummary& summary, const ImageSet& images,
                             const DecodeLimits& limits, const CacheOptions& cache, const Context& context) {
  ReportModel model = make_report_model(result);
  const Catalogue& catalogue = result.catalogue;
  model.title = fs::weakly_canonical(fs::absolute(summary.input)).filename().native();
  model.method =
      summary.window == to_string(SsimWindow::gaussian) ? summary.method + ", gaussian window" : summary.method;
  model.threshold = summary.threshold;
  model.threshold_reason = summary.threshold_reason;
  model.version = kVersion;
  model.facts = {{"Images", format_count(summary.num_items)},
                 {"Groups", format_count(summary.num_groups)},
                 {"Grouped", format_count(summary.num_grouped)},
                 {"Share grouped", format_share(summary.share_grouped())},
                 {"Outliers", format_count(summary.num_outliers)}};
  if (summary.no_chain) model.facts.emplace_back("Pairs of a group", "all alike");
  if (summary.num_unreadable > 0) model.facts.emplace_back("Unreadable", format_count(summary.num_unreadable));
  if (summary.num_judged > 0) model.facts.emplace_back("Purity of groups", format_share(summary.purity));
  model.facts.emplace_back("Pairs", format_count(summary.compare.pairs));
  if (summary.compare.pairs_resumed > 0) {
    model.facts.emplace_back("Compared before", format_count(summary.compare.pairs_resumed));
  }
  model.facts.emplace_back("Skipped", format_count(summary.compare.pairs_skipped));
  model.facts.emplace_back("Decided by bounds", format_count(summary.pairs_by_bounds()));
  model.facts.emplace_back("Evaluated exactly", format_count(summary.compare.exact_evaluations));
  if (summary.num_batches > 0) {
    model.facts.emplace_back(summary.merged ? "Batches, merged" : "Batches, not merged",
                             format_count(summary.num_batches));
    model.facts.emplace_back("Of all pairs", format_share(summary.share_compared()));
  }
  model.facts.emplace_back("Compared in", format_duration(summary.compare.seconds));
  model.facts.emplace_back("Plain double loop, about", format_duration(summary.plain_loop_seconds));
  if (catalogue.has_files) model.link_prefix = link_prefix(summary.output, catalogue.root);
  if (summary.num_sampled_representatives > 0) {
    model.representative_note =
        concat("In groups of more than ", format_count(kMaxExactMembers),
               " images the representative was chosen by its mean similarity to ", kRepresentativeSample, " of them.");
  }
  if (catalogue.has_files || images.in_memory()) {
    model.thumbnails = make_thumbnails(images, thumbnail_plan(model), limits, cache, context);
  }
  return model;
}

void write_report_page(const fs::path& folder, const ReportModel& model) {
  write_text(folder / "report.html", html_report(model));
}

}  // namespace simile
