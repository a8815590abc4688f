// SPDX-License-Identifier: Apache-2.0
#include "pipeline/helper_outputs.hpp"

#include <algorithm>
#include <cmath>

#include "pipeline/open.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/thumbnails.hpp"

namespace simile {
namespace {

constexpr std::size_t kShown = 60;  // of each kind on a page

ShownPrediction shown(const Prediction& prediction, const std::vector<std::string>& classes, const Labels* labels) {
  ShownPrediction each{prediction.item,
                       classes[static_cast<std::size_t>(prediction.label)],
                       prediction.probability,
                       classes[static_cast<std::size_t>(prediction.second)],
                       {}};
  if (labels == nullptr) return each;
  const auto found = std::lower_bound(labels->items.begin(), labels->items.end(), prediction.item);
  if (found != labels->items.end() && *found == prediction.item) {
    const auto label = labels->labels[static_cast<std::size_t>(found - labels->items.begin())];
    each.truth = labels->classes[static_cast<std::size_t>(label)];
  }
  return each;
}

Prediction prediction_of(std::int64_t item, const float* values, std::int64_t classes) {
  Prediction prediction{item, 0, 0, values[0], 0};
  double second = -1;
  for (std::int64_t c = 1; c < classes; ++c) {
    if (values[c] > prediction.probability) {
      second = prediction.probability;
      prediction.second = prediction.label;
      prediction.label = c;
      prediction.probability = values[c];
    } else if (values[c] > second) {
      second = values[c];
      prediction.second = c;
    }
  }
  prediction.margin = prediction.probability - std::max(0.0, second);
  return prediction;
}

}  // namespace

Dataset open_embeddings(const std::filesystem::path& input, const Context& context) {
  Dataset dataset = open_nonempty(input, {}, context);
  if (!dataset.features || dataset.features->vectors.data() == nullptr) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(input.native()), " holds ", dataset.content(),
                       "; a helper needs embeddings: a .npy of float32 or float16 [n, d], as simile embed writes it"));
  }
  return dataset;
}

std::vector<Prediction> ranked_predictions(View<const float, 2> probabilities) {
  std::vector<Prediction> ranked;
  for (std::int64_t item = 0; item < probabilities.shape[0]; ++item) {
    const float* const values = probabilities[item].data;
    if (!std::isfinite(values[0])) continue;
    ranked.push_back(prediction_of(item, values, probabilities.shape[1]));
  }
  std::sort(ranked.begin(), ranked.end(), [](const Prediction& a, const Prediction& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.item < b.item;
  });
  return ranked;
}

std::string next_csv(const std::vector<NextItem>& items, const std::vector<std::string>& ids) {
  std::string csv = "path,label\n";
  for (const auto& next : items) csv += csv_field(ids[static_cast<std::size_t>(next.item)]) + ",\n";
  return csv;
}

void show_predictions(HelperPageModel& model, const std::vector<Prediction>& ranked, const std::vector<NextItem>& next,
                      View<const float, 2> probabilities, const std::vector<std::string>& classes, const Labels* labels,
                      const Dataset& dataset, const std::filesystem::path& folder, const Context& context) {
  const Catalogue& catalogue = dataset.catalogue();
  model.version = kVersion;
  model.ids = catalogue.ids;
  for (std::size_t k = 0; k < std::min(kShown, ranked.size()); ++k) {
    model.most_certain.push_back(shown(ranked[k], classes, labels));
    model.least_certain.push_back(shown(ranked[ranked.size() - 1 - k], classes, labels));
  }
  for (std::size_t k = 0; k < std::min(kShown, next.size()); ++k) {
    const auto item = next[k].item;
    model.next.push_back(shown(prediction_of(item, probabilities[item].data, probabilities.shape[1]), classes, labels));
  }
  if (!catalogue.has_files) return;
  model.link_prefix = link_prefix(folder, catalogue.root);
  std::vector<std::int64_t> items;
  for (const auto* part : {&model.most_certain, &model.least_certain, &model.next}) {
    for (const auto& each : *part) items.push_back(each.item);
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  model.thumbnails = make_thumbnails(dataset.images, items, {}, {}, context);
}

}  // namespace simile
