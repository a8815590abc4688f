// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// Everything `simile explain` can be told.
struct ExplainOptions {
  std::filesystem::path input;
  std::string from;  ///< an item of the set: its id, or a path to the file
  std::string to;
  ListingOptions listing{};
  FeatureOptions features{};
  MetricOptions metric{};
  std::filesystem::path page{};  ///< an HTML file to write; empty: none
  bool overwrite = false;        ///< of that file

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// How two items of a set hang together.
struct ExplainSummary {
  std::string method;
  std::int64_t num_items = 0;
  double direct = 0;                 ///< similarity of the two themselves; -infinity: alike to nothing
  std::vector<std::string> chain;    ///< ids from one to the other, both included; empty where nothing joins them
  std::vector<double> similarities;  ///< of every two successive items
  double weakest = 0;                ///< the least of them: the highest threshold that puts the two into one group
};

/// One JSON object, keys in a fixed order, ends with a line break.
std::string to_json(const ExplainSummary& summary);

/// Of all chains of pairs between two items of the set the one whose weakest pair is strongest: why a threshold up to
/// that similarity puts both into one group. Throws not_found or decode naming the item that is not there or could not
/// be read, and as run_search().
ExplainSummary run_explain(const ExplainOptions& options, const Context& context);

}  // namespace simile
