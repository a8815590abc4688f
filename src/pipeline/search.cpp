// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/search.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/network_embedder.hpp"
#include "pipeline/open.hpp"
#include "pipeline/read_set.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"
#include "simile/feature/select_items.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/search_page.hpp"
#include "simile/report/thumbnails.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// Queries that are compared together; each result stands at its place among all.
struct Batch {
  Features features;
  std::vector<std::size_t> places;
  std::vector<std::int64_t> own_rows;  ///< of queries from the set: their row, which is not found; else empty
};

/// What the queries are.
struct Queries {
  Batch own;                              ///< items of the set
  std::vector<Batch> outside;             ///< image files together, each array
  ImageSet images;                        ///< the image files
  std::vector<std::size_t> image_places;  ///< of their results
};

/// The network that queries are seen by: the chosen one, else that of the set's vectors.
NetworkChoice network_of(const Features& features, NetworkChoice chosen) {
  if (!chosen.model.empty() || !chosen.architecture.empty() || !chosen.torchscript.empty()) return chosen;
  if (features.architecture == kTorchScript) {
    throw Error(ErrorCode::invalid_argument,
                concat("--query: the set's vectors are of a TorchScript module, ", in_quotes(features.model),
                       ", which is a program and opened only when you name it: --torchscript FILE"));
  }
  chosen.model = features.model;
  chosen.architecture = features.architecture;
  return chosen;
}

/// The options with which images from outside get features like the set's own.
FeatureOptions options_like(const Features& features, FeatureOptions options) {
  options.method = features.method;
  options.scale.reset();  // the size that it made of the set's images
  if (features.images.data() != nullptr) options.size = PixelSize{features.images.shape(2), features.images.shape(1)};
  if (features.colour_images.data() != nullptr) {
    options.size = PixelSize{features.colour_images.shape(2), features.colour_images.shape(1)};
  }
  if (hash_kind(features.method)) {
    options.hash_size = static_cast<int>(std::lround(std::sqrt(static_cast<double>(features.bits))));
  }
  return options;
}

/// Vectors of different networks have nothing to do with each other. `what` the query is.
void check_comparable(const Features& searched, std::string_view what, const std::string& model,
                      const std::string& identity) {
  if (comparable(searched.model_identity, identity)) return;
  throw Error(ErrorCode::invalid_argument,
              concat("--query: the set's vectors are of ", in_quotes(searched.model), " (", searched.model_identity,
                     "), the query ", what, " ", in_quotes(model), " (", identity, "): embed the set again"));
}

/// Features of queries from outside the set.
Features extract_queries(Dataset& dataset, const ReadSet& searched, const NetworkChoice& network,
                         const Context& context) {
  const Features& set = searched.features();
  const bool features = dataset.features.has_value();
  FeatureOptions options = options_like(set, searched.options());
  if (set.method == Method::embedding) options.network = features ? NetworkChoice() : network_of(set, network);
  const bool fits = features ? dataset.features->method == options.method || !dataset.method
                             : options.method != Method::embedding || !options.network.empty() || options.embedder;
  if (!fits) {
    throw Error(ErrorCode::invalid_argument,
                concat("--query: ", dataset.kind, " cannot be compared with the set's ", searched.dataset().kind));
  }
  options = with_embedder(options, dataset, context);
  if (features) {
    check_comparable(set, "is of", dataset.features->model, dataset.features->model_identity);
  } else if (options.embedder != nullptr) {
    check_comparable(set, "would be seen by", options.embedder->name(), options.embedder->identity());
  }
  Extraction extraction = extract_features(dataset, options, context);
  if (extraction.errors.empty()) return std::move(extraction.features);
  const auto& [item, reason] = extraction.errors.front();
  throw Error(ErrorCode::decode,
              concat("--query ", in_quotes(dataset.catalogue().ids[static_cast<std::size_t>(item)]), ": ", reason));
}

/// Reads every query; `results` gets a place for each.
Queries read_queries(const SearchOptions& options, const ReadSet& searched, std::vector<SearchResult>& results,
                     const Context& context) {
  Queries queries;
  for (const std::string& query : options.queries) {
    if (const auto row = searched.find_row(query)) {
      queries.own.own_rows.push_back(*row);
      queries.own.places.push_back(results.size());
      results.push_back({query, {}});
      continue;
    }
    searched.check_readable("--query", query);
    if (!fs::exists(query)) {
      throw Error(ErrorCode::not_found,
                  concat("--query ", in_quotes(query), " is neither an item of the set nor a file"));
    }
    if (fs::path(query).extension() != ".npy") {
      queries.images.catalogue.ids.push_back(fs::absolute(query).native());
      queries.image_places.push_back(results.size());
      results.push_back({query, {}});
      continue;
    }
    Dataset dataset = open_nonempty(query, {}, context);
    Batch batch;
    batch.features = extract_queries(dataset, searched, options.features.network, context);
    for (std::int64_t row = 0; row < batch.features.num_rows(); ++row) {
      batch.places.push_back(results.size());
      results.push_back({concat(query, "#", row), {}});
    }
    queries.outside.push_back(std::move(batch));
  }
  queries.own.features = select_rows(searched.features(), queries.own.own_rows);
  if (queries.image_places.empty()) return queries;
  queries.images.catalogue.has_files = true;
  Dataset dataset;
  dataset.kind = "image files";
  dataset.images.catalogue = queries.images.catalogue;
  queries.outside.push_back(
      {extract_queries(dataset, searched, options.features.network, context), queries.image_places, {}});
  return queries;
}

/// Compares the batch with the whole set.
void search(const ReadSet& searched, const Batch& batch, const SearchOptions& options, const Context& context,
            std::vector<SearchResult>& results) {
  const auto metric = make_metric(batch.features, searched.features(), options.metric);
  TopK nearest(options.top + (batch.own_rows.empty() ? 0 : 1));
  compare(Pairs::rectangle(metric->num_left(), metric->num_right()), *metric, nearest, context);
  for (std::size_t k = 0; k < batch.places.size(); ++k) {
    auto& hits = results[batch.places[k]].hits;
    for (const auto& [row, similarity] : nearest.neighbours(static_cast<std::int64_t>(k))) {
      const bool itself = !batch.own_rows.empty() && row == batch.own_rows[k];
      if (!itself && std::ssize(hits) < options.top) hits.push_back({searched.id(row), similarity});
    }
  }
}

/// The page's model; query k of the outside images is item catalogue.size() + k.
ReportModel page_model(const SearchOptions& options, const ReadSet& searched, const Queries& queries,
                       const SearchSummary& summary, const Context& context) {
  const Catalogue& catalogue = searched.dataset().catalogue();
  ReportModel model;
  model.title = fs::weakly_canonical(fs::absolute(options.input)).filename().native();
  model.method = summary.method;
  model.version = kVersion;
  model.ids = catalogue.ids;
  const fs::path page = fs::weakly_canonical(fs::absolute(options.page));
  if (catalogue.has_files) model.link_prefix = link_prefix(page.parent_path(), catalogue.root);
  std::vector<std::int64_t> items;
  for (const auto& result : summary.results) {
    ReportGroup group;
    const auto own = searched.find_row(result.query);
    group.items.push_back({own ? searched.item(*own) : std::ssize(model.ids), 1, {}});
    if (!own) model.ids.push_back(result.query);
    for (const auto& hit : result.hits) {
      group.items.push_back({searched.item(*searched.find_row(hit.id)), hit.similarity, {}});
    }
    for (const auto& item : group.items) {
      if (item.index < catalogue.size()) items.push_back(item.index);
    }
    model.groups.push_back(std::move(group));
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  if (std::ssize(items) > kMaxThumbnails) items.resize(static_cast<std::size_t>(kMaxThumbnails));
  const DecodeLimits& limits = options.features.limits;
  if (catalogue.has_files || searched.dataset().images.in_memory()) {
    model.thumbnails = make_thumbnails(searched.dataset().images, items, limits, options.features.cache, context);
  }
  if (queries.images.catalogue.size() == 0) return model;
  std::vector<std::int64_t> all(static_cast<std::size_t>(queries.images.catalogue.size()));
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = static_cast<std::int64_t>(k);
  for (auto& [k, jpeg] : make_thumbnails(queries.images, all, limits, options.features.cache, context)) {
    const auto& place = model.groups[queries.image_places[static_cast<std::size_t>(k)]];
    model.thumbnails.emplace(place.items.front().index, std::move(jpeg));
  }
  return model;
}

}  // namespace

void SearchOptions::validate() const {
  features.validate();
  if (queries.empty()) throw Error(ErrorCode::invalid_argument, "--query is needed: an item of the set, or a file");
  if (top < 1) throw Error(ErrorCode::invalid_argument, concat("--top ", top, ": allowed is 1 or more"));
  if (!page.empty() && !overwrite && fs::exists(page)) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(page.native()), " exists (--overwrite replaces it)"));
  }
}

SearchSummary run_search(const SearchOptions& options, const Context& context) {
  options.validate();
  const ReadSet searched(options.input, options.listing, options.features, options.metric, context,
                         NetworkFor::queries);
  SearchSummary summary;
  summary.method = info(searched.features().method).name;
  summary.num_items = searched.dataset().catalogue().size();
  summary.num_unreadable = std::ssize(searched.errors());

  const Queries queries = read_queries(options, searched, summary.results, context);
  if (searched.options().network != options.features.network && queries.outside.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "--model, --arch, --precision, --torchscript: no effect, every --query is an item of the set");
  }
  if (!queries.own.places.empty()) search(searched, queries.own, options, context, summary.results);
  for (const auto& batch : queries.outside) search(searched, batch, options, context, summary.results);
  if (!options.page.empty()) {
    write_text(options.page, search_page(page_model(options, searched, queries, summary, context)));
  }
  return summary;
}

std::string to_json(const SearchSummary& summary) {
  nlohmann::ordered_json json;
  json["method"] = summary.method;
  json["images"] = summary.num_items;
  json["unreadable"] = summary.num_unreadable;
  json["results"] = nlohmann::ordered_json::array();
  for (const auto& result : summary.results) {
    nlohmann::ordered_json hits = nlohmann::ordered_json::array();
    for (const auto& hit : result.hits)
      hits.push_back({{"path", to_valid_utf8(hit.id)}, {"similarity", hit.similarity}});
    json["results"].push_back({{"query", to_valid_utf8(result.query)}, {"hits", std::move(hits)}});
  }
  return json.dump(2) + "\n";
}

}  // namespace simile
