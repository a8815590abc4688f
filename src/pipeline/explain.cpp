// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/explain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/read_set.hpp"

#include "simile/cluster/single_linkage.hpp"
#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"
#include "simile/report/chain_page.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/thumbnails.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/spanning_tree.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

std::int64_t row_of(const ReadSet& set, const std::string& name) {
  if (const auto row = set.find_row(name)) return *row;
  set.check_readable("the item", name);
  throw Error(ErrorCode::not_found, concat("no item ", in_quotes(name), " in the set"));
}

std::optional<Chain> find_chain(const Metric& metric, std::int64_t from, std::int64_t to, const Context& context) {
  SpanningTreeOptions options;
  options.memory_bytes = context.memory_bytes / 4;
  SpanningTree tree(options);
  Context comparing = context;
  comparing.memory_bytes -= options.memory_bytes;
  compare(Pairs::triangle(metric.num_left()), metric, tree, comparing);
  return strongest_chain(tree.edges(), metric.num_left(), from, to);
}

void write_page(const ExplainOptions& options, const ReadSet& set, const std::vector<std::int64_t>& rows,
                const ExplainSummary& summary, const Context& context) {
  const Catalogue& catalogue = set.dataset().catalogue();
  ChainPageModel model;
  model.title = fs::weakly_canonical(fs::absolute(options.input)).filename().native();
  model.method = summary.method;
  model.version = kVersion;
  model.direct = summary.direct;
  model.similarities = summary.similarities;
  std::set<std::int64_t> items;
  for (const auto row : rows) {
    model.items.push_back({set.item(row), set.id(row)});
    items.insert(set.item(row));
  }
  const fs::path page = fs::weakly_canonical(fs::absolute(options.page));
  if (catalogue.has_files) model.link_prefix = link_prefix(page.parent_path(), catalogue.root);
  if (catalogue.has_files || set.dataset().images.in_memory()) {
    model.thumbnails = make_thumbnails(set.dataset().images, {items.begin(), items.end()}, options.features.limits,
                                       options.features.cache, context);
  }
  write_text(options.page, chain_page(model));
}

}  // namespace

void ExplainOptions::validate() const {
  features.validate();
  if (!page.empty() && !overwrite && fs::exists(page)) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(page.native()), " exists (--overwrite replaces it)"));
  }
}

ExplainSummary run_explain(const ExplainOptions& options, const Context& context) {
  options.validate();
  const ReadSet set(options.input, options.listing, options.features, options.metric, context);
  const std::int64_t from = row_of(set, options.from);
  const std::int64_t to = row_of(set, options.to);
  const auto metric = make_metric(set.features(), options.metric);
  ExplainSummary summary;
  summary.method = info(set.features().method).name;
  summary.num_items = set.dataset().catalogue().size();
  summary.direct = from == to ? 1 : metric->exact(from, to);
  summary.weakest = -std::numeric_limits<double>::infinity();
  std::vector<std::int64_t> rows{from, to};
  if (auto chain = find_chain(*metric, from, to, context)) {
    rows = std::move(chain->items);
    for (const auto row : rows) summary.chain.push_back(set.id(row));
    summary.similarities = std::move(chain->similarities);
    summary.weakest = chain->weakest;
  }
  if (!options.page.empty()) write_page(options, set, rows, summary, context);
  return summary;
}

std::string to_json(const ExplainSummary& summary) {
  // JSON knows no infinity: what is alike to nothing is null.
  const auto value = [](double similarity) {
    return std::isfinite(similarity) ? nlohmann::ordered_json(similarity) : nlohmann::ordered_json();
  };
  nlohmann::ordered_json json;
  json["method"] = summary.method;
  json["images"] = summary.num_items;
  json["direct"] = value(summary.direct);
  json["weakest"] = value(summary.weakest);
  json["chain"] = nlohmann::ordered_json::array();
  for (const auto& id : summary.chain) json["chain"].push_back(to_valid_utf8(id));
  json["similarities"] = summary.similarities;
  return json.dump(2) + "\n";
}

}  // namespace simile
