// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/train/next_to_label.hpp"

namespace simile {

/// Everything `simile predict` can be told.
struct PredictOptions {
  std::filesystem::path input;  ///< a .npy of embeddings
  std::filesystem::path model;  ///< folder of a helper
  std::filesystem::path out{"predictions.csv"};
  std::filesystem::path
      probabilities{};             ///< a .npy of all of them [n, classes], columns as classes.csv's rows; empty: none
  std::filesystem::path page{};    ///< an HTML page of the surest and least sure; empty: none
  std::filesystem::path images{};  ///< what the embeddings were made of, for the page; empty: where they say
  std::string truth{};             ///< true classes, as read_truth() takes them; empty: none
  std::int64_t next = 0;           ///< items to name for labelling, in `next.csv` beside `out`
  NextStrategy strategy = NextStrategy::diverse;
  std::uint64_t seed = 0;
  bool overwrite = false;

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

struct PredictSummary {
  std::int64_t num_items = 0;
  std::int64_t num_predicted = 0;  ///< whose vectors are finite
  std::string output;
  std::vector<std::pair<std::string, std::int64_t>> classes;  ///< predicted items of each
  double mean_probability = 0;
  std::int64_t num_judged = 0;  ///< predicted items with a true class that the helper was not trained on
  std::int64_t num_right = 0;   ///< of those
  std::int64_t num_next = 0;
};

/// One JSON object, keys in a fixed order, ends with a line break.
std::string to_json(const PredictSummary& summary);

/// Writes `path,label,probability,second,margin`, the most certain first, ties in the set's order; `second` is the next
/// most probable class, `margin` the difference of both probabilities. Items whose vectors are not finite are left out.
/// Throws as read_helper() and open_dataset(), io, and invalid_argument when files exist and not `overwrite`.
PredictSummary run_predict(const PredictOptions& options, const Context& context);

}  // namespace simile
