// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/dataset.hpp"
#include "simile/report/helper_page.hpp"
#include "simile/train/helper.hpp"
#include "simile/train/labels.hpp"
#include "simile/train/next_to_label.hpp"

namespace simile {

/// Embeddings [n, d] with the names of their rows. Throws invalid_argument for anything else.
Dataset open_embeddings(const std::filesystem::path& input, const Context& context);

/// A prediction, ready to be written.
struct Prediction {
  std::int64_t item = 0;
  std::int64_t label = 0;
  std::int64_t second = 0;
  double probability = 0;
  double margin = 0;
};

/// Of every row of probabilities [n, classes] that is finite, the most certain first, ties by item.
std::vector<Prediction> ranked_predictions(View<const float, 2> probabilities);

/// `path,label`, labels empty: to be filled in.
std::string next_csv(const std::vector<NextItem>& items, const std::vector<std::string>& ids);

/// The certain and uncertain predictions and those to label next as the page shows them, with thumbnails where photos
/// are at hand. `labels`: of items; null: none.
void show_predictions(HelperPageModel& model, const std::vector<Prediction>& ranked, const std::vector<NextItem>& next,
                      View<const float, 2> probabilities, const std::vector<std::string>& classes, const Labels* labels,
                      const Dataset& dataset, const std::filesystem::path& folder, const Context& context);

}  // namespace simile
