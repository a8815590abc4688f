// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// Everything `simile search` can be told.
struct SearchOptions {
  std::filesystem::path input;
  ListingOptions listing{};
  FeatureOptions features{};
  MetricOptions metric{};
  std::vector<std::string> queries;  ///< ids of the set, image files, or a .npy of what the set holds
  std::int64_t top = 50;             ///< results for each query
  std::filesystem::path page{};      ///< an HTML file to write; empty: none
  bool overwrite = false;            ///< of that file

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// One image of the set, found for a query.
struct SearchHit {
  std::string id;
  double similarity = 0;
};

struct SearchResult {
  std::string query;            ///< as it was given; of a .npy with the row behind it
  std::vector<SearchHit> hits;  ///< most similar first, ties in the set's order
};

struct SearchSummary {
  std::string method;
  std::int64_t num_items = 0;
  std::int64_t num_unreadable = 0;
  std::vector<SearchResult> results;  ///< in the order of the queries
};

/// One JSON object, keys in a fixed order, ends with a line break.
std::string to_json(const SearchSummary& summary);

/// Ranks a set by likeness to each query, by exact similarities. A query that is an item of the set, by its id or as
/// the file itself, is not found for itself; others are read like the set's images. Items alike to nothing are not
/// found. Throws not_found or decode naming the query that is not there or cannot be read, invalid_argument when it
/// does not fit the set, and as run_cluster().
SearchSummary run_search(const SearchOptions& options, const Context& context);

}  // namespace simile
