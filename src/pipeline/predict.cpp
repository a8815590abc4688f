// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/predict.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "pipeline/helper_outputs.hpp"
#include "pipeline/helper_run.hpp"
#include "pipeline/open.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/core/version.hpp"
#include "simile/feature/feature_file.hpp"
#include "simile/pipeline/truth.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/predictions_page.hpp"
#include "simile/report/thumbnails.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShown = 60;  // of each kind on the page

fs::path next_file(const PredictOptions& options) { return options.out.parent_path() / "next.csv"; }

/// Labels that the helper was trained on, by item of this set; empty where they name none of it.
Labels known_labels(const PredictOptions& options, const std::vector<std::string>& ids) {
  const std::vector<fs::path> files{options.model / kHelperLabels};
  Labels labels;
  if (!fs::exists(files.front())) return labels;
  std::unordered_map<std::string_view, std::int64_t> item_of;
  for (std::size_t k = 0; k < ids.size(); ++k) item_of.emplace(ids[k], static_cast<std::int64_t>(k));
  std::map<std::int64_t, std::string> label_of;
  for (const auto& row : read_label_rows(files)) {
    const auto item = item_of.find(row.path);
    if (item != item_of.end() && !row.label.empty()) label_of[item->second] = row.label;
  }
  std::set<std::string> names;
  for (const auto& [item, label] : label_of) names.insert(label);
  labels.classes.assign(names.begin(), names.end());
  for (const auto& [item, label] : label_of) {
    labels.items.push_back(item);
    labels.labels.push_back(static_cast<std::int32_t>(std::distance(names.begin(), names.find(label))));
  }
  return labels;
}

std::string predictions_csv(const std::vector<Prediction>& ranked, const std::vector<std::string>& ids,
                            const std::vector<std::string>& classes) {
  std::string csv = "path,label,probability,second,margin\n";
  for (const auto& each : ranked) {
    csv += concat(csv_field(ids[static_cast<std::size_t>(each.item)]), ",",
                  csv_field(classes[static_cast<std::size_t>(each.label)]), ",", each.probability, ",",
                  csv_field(classes[static_cast<std::size_t>(each.second)]), ",", each.margin, "\n");
  }
  return csv;
}

void write_probabilities(const fs::path& path, const Array<float, 2>& probabilities) {
  const std::array<std::int64_t, 2> shape{probabilities.shape(0), probabilities.shape(1)};
  AtomicFile file(path);
  write_npy(file, NpyType::float32, shape,
            {reinterpret_cast<const std::uint8_t*>(probabilities.data()),
             static_cast<std::size_t>(probabilities.size_bytes())});
  file.commit();
}

using Item = PredictionsPageModel::Item;

/// The images that the vectors were made of, if they are at hand.
const Dataset* images_of(const PredictOptions& options, const Dataset& vectors, std::optional<Dataset>& opened,
                         const Context& context) {
  if (options.images.empty()) return vectors.catalogue().has_files ? &vectors : nullptr;
  opened.emplace(open_nonempty(options.images, {}, context));
  if (opened->catalogue().size() == vectors.catalogue().size()) return &*opened;
  throw Error(ErrorCode::invalid_argument, concat("--images ", in_quotes(options.images.native()), " holds ",
                                                  format_counted(opened->catalogue().size(), "image", "images"),
                                                  ", the vectors are of ", format_count(vectors.catalogue().size())));
}

void write_page(const PredictOptions& options, const Helper& helper, const Dataset& dataset,
                const std::vector<Prediction>& ranked, const std::vector<std::string>& truth,
                const PredictSummary& summary, const Context& context) {
  const auto item_of = [&](const Prediction& each) {
    const auto place = static_cast<std::size_t>(each.item);
    return Item{each.item,
                dataset.catalogue().ids[place],
                helper.classes[static_cast<std::size_t>(each.label)],
                each.probability,
                helper.classes[static_cast<std::size_t>(each.second)],
                truth.empty() ? std::string() : truth[place]};
  };
  PredictionsPageModel model;
  model.title = options.input.filename().native();
  model.version = kVersion;
  model.lead =
      summary.num_judged > 0
          ? concat(format_share(static_cast<double>(summary.num_right) / static_cast<double>(summary.num_judged)),
                   " of ", format_count(summary.num_judged),
                   " images with a known class, not trained on, are predicted right.")
          : concat(format_counted(summary.num_predicted, "image", "images"), " by a helper of ", helper.classes.size(),
                   " classes.");
  for (const auto& [name, count] : summary.classes) model.facts.emplace_back(name, format_count(count));
  model.sections = {{"Surest", "The highest probabilities.", {}}, {"Least sure", "The lowest probabilities.", {}}};
  for (std::size_t k = 0; k < std::min(kShown, ranked.size()); ++k) {
    model.sections[0].items.push_back(item_of(ranked[k]));
    model.sections[1].items.push_back(item_of(ranked[ranked.size() - 1 - k]));
  }
  if (!truth.empty()) {
    PredictionsPageModel::Section wrong{"Wrong", "Not the true class: the surest first.", {}};
    for (const auto& each : ranked) {
      const Item item = item_of(each);
      if (item.truth.empty() || item.truth == item.label || wrong.items.size() == kShown) continue;
      wrong.items.push_back(item);
    }
    if (!wrong.items.empty()) model.sections.push_back(std::move(wrong));
  }
  std::optional<Dataset> opened;
  if (const Dataset* const images = images_of(options, dataset, opened, context)) {
    std::vector<std::int64_t> items;
    for (const auto& section : model.sections) {
      for (const auto& item : section.items) items.push_back(item.index);
    }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    const Catalogue& catalogue = images->catalogue();
    const fs::path folder = fs::weakly_canonical(fs::absolute(options.page)).parent_path();
    if (catalogue.has_files) model.link_prefix = link_prefix(folder, catalogue.root);
    model.thumbnails = make_thumbnails(images->images, items, {}, {}, context);
  }
  write_text(options.page, predictions_page(model));
}

}  // namespace

void PredictOptions::validate() const {
  if (next < 0) throw Error(ErrorCode::invalid_argument, concat("--next ", next, ": allowed is 0 or more"));
  std::vector<fs::path> files{out};
  if (!probabilities.empty()) files.push_back(probabilities);
  if (!page.empty()) files.push_back(page);
  if (next > 0) files.push_back(next_file(*this));
  std::vector<fs::path> inputs{truth, images, model / kHelperLabels, model / "helper.json",
                               model / "helper.safetensors"};
  for (const auto& file : feature_files(input)) inputs.push_back(file);
  for (std::size_t k = 0; k < files.size(); ++k) {
    for (std::size_t j = 0; j < k; ++j) {
      if (fs::weakly_canonical(files[j]) == fs::weakly_canonical(files[k])) {
        throw Error(ErrorCode::invalid_argument, concat(in_quotes(files[k].native()), " is named for two outputs"));
      }
    }
    for (const auto& read : inputs) {
      std::error_code missing;
      if (!fs::equivalent(files[k], read, missing)) continue;
      throw Error(
          ErrorCode::invalid_argument,
          concat(in_quotes(files[k].native()), " would replace what is read (--overwrite is for earlier outputs)"));
    }
    if (!overwrite && fs::exists(fs::symlink_status(files[k]))) {
      throw Error(ErrorCode::invalid_argument,
                  concat(in_quotes(files[k].native()), " exists (--overwrite replaces it)"));
    }
  }
}

PredictSummary run_predict(const PredictOptions& options, const Context& context) {
  options.validate();
  const Helper helper = read_helper(options.model);
  const Dataset dataset = open_embeddings(options.input, context);
  check_same_network(helper, dataset.features->model, dataset.features->model_identity);
  const Array<float, 2>& vectors = dataset.features->vectors;
  const std::vector<std::string>& ids = dataset.catalogue().ids;
  const Array<float, 2> probabilities = predict(helper, vectors.view(), context);
  const std::vector<Prediction> ranked = ranked_predictions(probabilities.view());

  PredictSummary summary;
  summary.num_items = std::ssize(ids);
  summary.num_predicted = std::ssize(ranked);
  summary.output = options.out.native();
  for (const auto& name : helper.classes) summary.classes.emplace_back(name, 0);
  for (const auto& each : ranked) {
    ++summary.classes[static_cast<std::size_t>(each.label)].second;
    summary.mean_probability += each.probability / static_cast<double>(ranked.size());
  }
  const Labels labels = known_labels(options, ids);
  std::vector<std::string> truth;
  if (!options.truth.empty()) truth = read_truth(options.truth, dataset.catalogue());
  for (const auto& each : ranked) {
    if (truth.empty() || truth[static_cast<std::size_t>(each.item)].empty()) continue;
    if (std::binary_search(labels.items.begin(), labels.items.end(), each.item)) continue;
    ++summary.num_judged;
    summary.num_right +=
        truth[static_cast<std::size_t>(each.item)] == helper.classes[static_cast<std::size_t>(each.label)] ? 1 : 0;
  }
  std::vector<NextItem> next;
  if (options.next > 0) {
    std::vector<std::int64_t> counts(helper.classes.size());
    for (std::size_t k = 0; k < labels.items.size(); ++k) {
      const auto& name = labels.classes[static_cast<std::size_t>(labels.labels[k])];
      const auto place = std::find(helper.classes.begin(), helper.classes.end(), name);
      if (place != helper.classes.end()) ++counts[static_cast<std::size_t>(place - helper.classes.begin())];
    }
    next = next_to_label(options.strategy, options.next, probabilities.view(), vectors.view(), labels.items, counts,
                         options.seed, context);
    summary.num_next = std::ssize(next);
    write_text(next_file(options), next_csv(next, ids));
  }
  if (!options.probabilities.empty()) write_probabilities(options.probabilities, probabilities);
  if (!options.page.empty()) write_page(options, helper, dataset, ranked, truth, summary, context);
  write_text(options.out, predictions_csv(ranked, ids, helper.classes));
  return summary;
}

std::string to_json(const PredictSummary& summary) {
  nlohmann::ordered_json json;
  json["images"] = summary.num_items;
  json["predicted"] = summary.num_predicted;
  json["output"] = to_valid_utf8(summary.output);
  json["mean_probability"] = summary.mean_probability;
  json["classes"] = nlohmann::ordered_json::array();
  for (const auto& [name, count] : summary.classes) {
    json["classes"].push_back({{"class", to_valid_utf8(name)}, {"predicted", count}});
  }
  if (summary.num_judged > 0) {
    json["judged"] = summary.num_judged;
    json["right"] = summary.num_right;
  }
  json["next"] = summary.num_next;
  return json.dump(2) + "\n";
}

}  // namespace simile
