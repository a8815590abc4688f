// SPDX-License-Identifier: Apache-2.0
#include "pipeline/helper_run.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "pipeline/helper_outputs.hpp"
#include "pipeline/target.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/report/manifest.hpp"
#include "simile/report/result_folder.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolders = "folders";
constexpr const char* kLabelsName = "labels.csv";

std::vector<LabelRow> all_rows(HelperRun& run) {
  const HelperRunOptions& options = run.options;
  std::vector<LabelRow> rows;
  std::vector<fs::path> files;
  for (const auto& source : options.labels) {
    if (source != kFolders) {
      files.push_back(source);
      continue;
    }
    if (options.labels.size() > 1) {
      throw Error(ErrorCode::invalid_argument, "--labels folders: allowed only alone");
    }
    rows = label_rows_from_folders(run.ids());
  }
  for (auto& row : read_label_rows(files)) rows.push_back(std::move(row));
  const fs::path earlier = run.out / kLabelsName;
  if (!options.update || !fs::exists(earlier)) return rows;
  std::unordered_set<std::string> named;
  for (const auto& row : rows) {
    if (!row.label.empty()) named.insert(row.path);
  }
  const std::vector<fs::path> earlier_files{earlier};
  const std::unordered_set<std::string> ids(run.ids().begin(), run.ids().end());
  for (auto& row : read_label_rows(earlier_files)) {
    if (named.contains(row.path)) continue;
    if (!ids.contains(row.path)) {
      run.kept.push_back(std::move(row));
      continue;
    }
    rows.push_back(std::move(row));
    ++run.summary.num_earlier;
  }
  return rows;
}

std::string number_or_nothing(double value) { return std::isfinite(value) ? format_double(value) : std::string(); }

std::string why_ignored(const HelperRun& run, const LabelRow& row) {
  for (const auto& [id, reason] : run.summary.unreadable) {
    if (id == row.path) return concat("cannot be read: ", reason);
  }
  return "no such item: " + row.where;
}

void write_label_tables(const fs::path& folder, const HelperRun& run) {
  std::string csv = "path,label\n";
  for (std::size_t k = 0; k < run.labels.items.size(); ++k) {
    csv += concat(csv_field(run.ids()[static_cast<std::size_t>(run.labels.items[k])]), ",",
                  csv_field(run.labels.classes[static_cast<std::size_t>(run.labels.labels[k])]), "\n");
  }
  for (const auto& row : run.kept) csv += concat(csv_field(row.path), ",", csv_field(row.label), "\n");
  write_text(folder / kLabelsName, csv);
  csv = "path,label,reason\n";
  for (const auto& row : run.labels.unknown) {
    csv += concat(csv_field(row.path), ",", csv_field(row.label), ",", csv_field(why_ignored(run, row)), "\n");
  }
  write_text(folder / "ignored_labels.csv", csv);
}

void write_figures(const fs::path& folder, const HelperRun& run) {
  const auto counts = run.labels.counts();
  const Metrics& metrics = run.evaluation.before;
  std::string csv = "class,labels,held_out,predicted,correct,precision,recall,f1\n";
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const ClassMetrics of = metrics.count > 0 ? metrics.classes[c] : ClassMetrics();
    csv += concat(csv_field(run.labels.classes[c]), ",", counts[c], ",", of.labelled, ",", of.predicted, ",",
                  of.correct, ",", number_or_nothing(of.precision()), ",", number_or_nothing(of.recall()), ",",
                  number_or_nothing(of.f1()), "\n");
  }
  write_text(folder / "classes.csv", csv);
  if (metrics.count == 0) return;
  csv = "class";
  for (const auto& name : run.labels.classes) csv += "," + csv_field(name);
  csv += '\n';
  for (std::int64_t row = 0; row < std::ssize(counts); ++row) {
    csv += csv_field(run.labels.classes[static_cast<std::size_t>(row)]);
    for (std::int64_t column = 0; column < std::ssize(counts); ++column) {
      csv += concat(",", metrics.confusion.view()(row, column));
    }
    csv += '\n';
  }
  write_text(folder / "confusion.csv", csv);
  csv = "calibrated,items,mean_probability,accuracy\n";
  for (const bool calibrated : {false, true}) {
    for (const auto& bin : (calibrated ? run.evaluation.after : metrics).reliability) {
      if (bin.count == 0) continue;
      csv += concat(calibrated ? "yes," : "no,", bin.count, ",", bin.confidence, ",", bin.accuracy, "\n");
    }
  }
  write_text(folder / "reliability.csv", csv);
  csv = "labels,accuracy,items\n";
  for (const auto& point : run.evaluation.curve) {
    csv += concat(point.labels, ",", point.accuracy(), ",", point.count, "\n");
  }
  write_text(folder / "learning_curve.csv", csv);
  csv = "path,label,predicted,probability\n";
  for (std::size_t k = 0; k < run.evaluation.positions.size(); ++k) {
    const auto position = static_cast<std::size_t>(run.evaluation.positions[k]);
    const float* const values = run.evaluation.probabilities.view()[static_cast<std::int64_t>(k)].data;
    const auto best = std::max_element(values, values + std::ssize(counts)) - values;
    csv += concat(csv_field(run.ids()[static_cast<std::size_t>(run.labels.items[position])]), ",",
                  csv_field(run.labels.classes[static_cast<std::size_t>(run.labels.labels[position])]), ",",
                  csv_field(run.labels.classes[static_cast<std::size_t>(best)]), ",", values[best], "\n");
  }
  write_text(folder / "held_out.csv", csv);
}

void summarise(HelperRun& run) {
  TrainHelperSummary& summary = run.summary;
  const Metrics& after = run.evaluation.after;
  summary.num_items = std::ssize(run.ids());
  summary.num_labels = run.labels.size();
  summary.num_classes = run.labels.num_classes();
  for (const auto count : run.labels.counts()) summary.num_single += count == 1 ? 1 : 0;
  summary.num_unknown = std::ssize(run.labels.unknown);
  summary.temperature = run.helper.temperature;
  if (after.count == 0) return;
  summary.how = run.evaluation.how;
  summary.accuracy = run.evaluation.before.accuracy();
  summary.macro_f1 = run.evaluation.before.macro_f1();
  summary.log_loss = after.log_loss;
  summary.calibration_error = after.calibration_error;
  summary.calibration_error_before = run.evaluation.before.calibration_error;
  summary.advice = advise(run.evaluation.curve, run.labels.size());
}

std::string percent_text(double share) { return concat(std::round(1000 * share) / 10, "%"); }

std::string advice_text(const LabellingAdvice& advice) {
  if (!advice.known) return "too few labels to say what more would bring";
  const std::string gain = concat(std::round(1000 * advice.gain) / 10, " points");
  return advice.stop ? concat("about ", gain, " by the next ", kAdvisedLabels, " labels: time to stop")
                     : concat("about ", gain, " by the next ", kAdvisedLabels, " labels");
}

HelperPageModel page_model(const HelperRun& run) {
  HelperPageModel model;
  const TrainHelperSummary& summary = run.summary;
  model.command = "simile train helper";
  model.title = run.options.input.filename().native();
  model.lead = concat("A helper of kind ", summary.kind, " that tells ", summary.num_classes, " classes apart, from ",
                      format_counted(summary.num_labels, "label", "labels"), ".");
  if (!summary.how.empty()) {
    model.facts = {
        {concat("Accuracy (", summary.how, ")"), percent_text(summary.accuracy)},
        {"Mean F1 of the classes", percent_text(summary.macro_f1)},
        {"Calibration error, calibrated (as trained)",
         concat(percent_text(summary.calibration_error), " (", percent_text(summary.calibration_error_before), ")")},
        {"To expect of more labels", advice_text(summary.advice)}};
  }
  const auto counts = run.labels.counts();
  const Metrics& metrics = run.evaluation.before;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const ClassMetrics of = metrics.count > 0 ? metrics.classes[c] : ClassMetrics();
    model.classes.push_back({run.labels.classes[c], counts[c], of.precision(), of.recall(), of.f1()});
    if (metrics.count == 0) continue;
    const auto row = metrics.confusion.view()[static_cast<std::int64_t>(c)];
    model.confusion.emplace_back(row.data, row.data + std::ssize(counts));
  }
  for (const auto& bin : metrics.reliability) {
    if (bin.count > 0) model.before.push_back({bin.confidence, bin.accuracy});
  }
  for (const auto& bin : run.evaluation.after.reliability) {
    if (bin.count > 0) model.after.push_back({bin.confidence, bin.accuracy});
  }
  for (const auto& point : run.evaluation.curve) {
    model.curve.push_back({static_cast<double>(point.labels), point.accuracy()});
  }
  return model;
}

}  // namespace

std::vector<std::int64_t> HelperRun::items_of(std::span<const std::int64_t> positions) const {
  std::vector<std::int64_t> items;
  for (const auto position : positions) items.push_back(labels.items[static_cast<std::size_t>(position)]);
  return items;
}

std::vector<std::int32_t> HelperRun::labels_of(std::span<const std::int64_t> positions) const {
  std::vector<std::int32_t> classes;
  for (const auto position : positions) classes.push_back(labels.labels[static_cast<std::size_t>(position)]);
  return classes;
}

std::vector<std::int64_t> HelperRun::all_positions() const {
  std::vector<std::int64_t> positions(static_cast<std::size_t>(labels.size()));
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

void check_target(HelperRun& run) {
  const HelperRunOptions& options = run.options;
  if (!fs::exists(options.input)) {
    throw Error(ErrorCode::not_found, concat("no such file or folder: ", in_quotes(options.input.native())));
  }
  run.out = resolved_out(options.out, options.input, "_helper");
  check_apart(run.out, options.input);
  check_result_target(run.out, options.overwrite || options.update);
  if (options.update && fs::exists(run.out) && !fs::is_empty(run.out) && !is_helper(run.out)) {
    throw Error(ErrorCode::invalid_argument, concat("--update: ", in_quotes(run.out.native()), " holds no helper"));
  }
  run.summary.input = options.input.native();
  run.summary.output = run.out.native();
}

void read_labels(HelperRun& run) {
  run.rows = all_rows(run);
  run.labels = make_labels(run.rows, run.ids());
  run.helper.classes = run.labels.classes;
}

void measure(HelperRun& run, const FitAndScore& fit_and_score) {
  EvaluationOptions evaluation = run.options.evaluation;
  evaluation.seed = run.options.seed;
  run.evaluation = evaluate(fit_and_score, run.labels.labels, run.labels.num_classes(), evaluation, run.context);
  run.helper.temperature = run.evaluation.temperature;
}

void write_helper_folder(const fs::path& folder, HelperRun& run, const Array<float, 2>& vectors) {
  summarise(run);
  const Array<float, 2> probabilities = predict(run.helper, vectors.view(), run.context);
  const std::vector<NextItem> next =
      next_to_label(run.options.strategy, run.options.next, probabilities.view(), vectors.view(), run.labels.items,
                    run.labels.counts(), run.options.seed, run.context);
  run.summary.num_next = std::ssize(next);
  HelperPageModel model = page_model(run);
  show_predictions(model, ranked_predictions(probabilities.view()), next, probabilities.view(), run.helper.classes,
                   &run.labels, run.dataset, run.out, run.context);
  write_helper(folder, run.helper, to_json(run.summary));
  write_label_tables(folder, run);
  write_figures(folder, run);
  write_text(folder / "next.csv", next_csv(next, run.ids()));
  if (!model.confusion.empty()) write_text(folder / "confusion.svg", confusion_svg(model.classes, model.confusion));
  for (const auto& [name, svg] : {std::pair{"reliability.svg", reliability_svg(model)},
                                  std::pair{"learning_curve.svg", learning_curve_svg(model)}}) {
    if (!svg.empty()) write_text(folder / name, svg);
  }
  write_text(folder / "report.html", helper_page(model));
  write_manifest(folder, to_json(run.summary), run.options.arguments);
}

void HelperRunOptions::validate() const {
  evaluation.validate();
  if (next < 0) throw Error(ErrorCode::invalid_argument, concat("--next ", next, ": allowed is 0 or more"));
  if (out.empty()) throw Error(ErrorCode::invalid_argument, "--out is needed: the helper's folder");
  if (labels.empty() && !update) {
    throw Error(ErrorCode::invalid_argument, "--labels is needed: a CSV path,label, or the word folders");
  }
}

std::string to_json(const TrainHelperSummary& summary) {
  nlohmann::ordered_json json;
  json["input"] = to_valid_utf8(summary.input);
  json["output"] = to_valid_utf8(summary.output);
  json["kind"] = summary.kind;
  json["images"] = summary.num_items;
  json["labels"] = summary.num_labels;
  json["classes"] = summary.num_classes;
  json["classes_with_one_label"] = summary.num_single;
  json["labels_of_unknown_images"] = summary.num_unknown;
  json["labels_of_the_earlier_helper"] = summary.num_earlier;
  json["started_from_the_earlier_helper"] = summary.warm;
  if (!summary.how.empty()) {
    json["measured_by"] = summary.how;
    json["accuracy"] = summary.accuracy;
    json["macro_f1"] = summary.macro_f1;
    json["log_loss"] = summary.log_loss;
    json["calibration_error"] = summary.calibration_error;
    json["calibration_error_before"] = summary.calibration_error_before;
  }
  json["temperature"] = summary.temperature;
  if (summary.advice.known) {
    json["expected_gain_of_100_labels"] = summary.advice.gain;
    json["stop"] = summary.advice.stop;
  }
  json["next"] = summary.num_next;
  if (!summary.network.empty()) {
    json["network"] = to_valid_utf8(summary.network);
    json["stages"] = summary.stages == 0 ? nlohmann::ordered_json("all") : nlohmann::ordered_json(summary.stages);
    json["parameters_trained"] = summary.num_trained;
    json["parameters"] = summary.num_parameters;
    json["unreadable"] = summary.unreadable.size();
  }
  json["evaluations"] = summary.evaluations;
  json["fit_seconds"] = summary.fit_seconds;
  return json.dump(2) + "\n";
}

}  // namespace simile
