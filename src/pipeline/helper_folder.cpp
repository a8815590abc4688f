// SPDX-License-Identifier: Apache-2.0
// What a helper's folder holds: docs/definitions.md.
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "pipeline/helper_outputs.hpp"
#include "pipeline/helper_run.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/report/manifest.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

std::string number_or_nothing(double value) { return std::isfinite(value) ? format_double(value) : std::string(); }

std::string why_ignored(const HelperRun& run, const LabelRow& row) {
  for (const auto& [id, reason] : run.summary.unreadable) {
    if (id == row.path) return concat("cannot be read: ", reason);
  }
  return concat("no such item: ", row.where);
}

std::string labels_csv(const HelperRun& run) {
  std::string csv = "path,label\n";
  for (std::size_t k = 0; k < run.labels.items.size(); ++k) {
    csv += concat(csv_field(run.ids()[static_cast<std::size_t>(run.labels.items[k])]), ",",
                  csv_field(run.labels.classes[static_cast<std::size_t>(run.labels.labels[k])]), "\n");
  }
  for (const auto& row : run.kept) csv += concat(csv_field(row.path), ",", csv_field(row.label), "\n");
  return csv;
}

std::string ignored_labels_csv(const HelperRun& run) {
  std::string csv = "path,label,reason\n";
  for (const auto& row : run.labels.unknown) {
    csv += concat(csv_field(row.path), ",", csv_field(row.label), ",", csv_field(why_ignored(run, row)), "\n");
  }
  return csv;
}

/// What to label next; before it, what people have filled in since this run read the one that it replaces.
std::string to_fill_in(const HelperRun& run, const std::vector<NextItem>& next) {
  if (!run.is_replaced()) return next_csv(next, run.ids());
  std::unordered_set<std::string> named;
  for (const auto item : run.labels.items) named.insert(run.ids()[static_cast<std::size_t>(item)]);
  for (const auto& row : run.kept) named.insert(row.path);
  std::string csv = "path,label\n";
  for (const auto& row : filled_in(run.out, named)) {
    csv += concat(csv_field(row.path), ",", csv_field(row.label), "\n");
    named.insert(row.path);
  }
  for (const auto& each : next) {
    const std::string& id = run.ids()[static_cast<std::size_t>(each.item)];
    if (!named.contains(id)) csv += concat(csv_field(id), ",\n");
  }
  return csv;
}

std::string classes_csv(const HelperRun& run) {
  const auto counts = run.labels.counts();
  const Metrics& metrics = run.evaluation.before;
  std::string csv = "class,labels,held_out,predicted,correct,precision,recall,f1\n";
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const ClassMetrics of = metrics.count > 0 ? metrics.classes[c] : ClassMetrics();
    csv += concat(csv_field(run.labels.classes[c]), ",", counts[c], ",", of.labelled, ",", of.predicted, ",",
                  of.correct, ",", number_or_nothing(of.precision()), ",", number_or_nothing(of.recall()), ",",
                  number_or_nothing(of.f1()), "\n");
  }
  return csv;
}

std::string confusion_csv(const HelperRun& run) {
  std::string csv = "class";
  for (const auto& name : run.labels.classes) csv += concat(",", csv_field(name));
  csv += '\n';
  for (std::int64_t row = 0; row < run.labels.num_classes(); ++row) {
    csv += csv_field(run.labels.classes[static_cast<std::size_t>(row)]);
    for (std::int64_t column = 0; column < run.labels.num_classes(); ++column) {
      csv += concat(",", run.evaluation.before.confusion.view()(row, column));
    }
    csv += '\n';
  }
  return csv;
}

std::string reliability_csv(const HelperRun& run) {
  std::string csv = "calibrated,items,mean_probability,accuracy\n";
  for (const bool calibrated : {false, true}) {
    for (const auto& bin : (calibrated ? run.evaluation.after : run.evaluation.before).reliability) {
      if (bin.count == 0) continue;
      csv += concat(calibrated ? "yes," : "no,", bin.count, ",", bin.confidence, ",", bin.accuracy, "\n");
    }
  }
  return csv;
}

std::string learning_curve_csv(const HelperRun& run) {
  std::string csv = "labels,accuracy,items\n";
  for (const auto& point : run.evaluation.curve) {
    csv += concat(point.labels, ",", point.accuracy(), ",", point.count, "\n");
  }
  return csv;
}

std::string held_out_csv(const HelperRun& run) {
  std::string csv = "path,label,predicted,probability\n";
  for (std::size_t k = 0; k < run.evaluation.positions.size(); ++k) {
    const auto position = static_cast<std::size_t>(run.evaluation.positions[k]);
    const float* const values = run.evaluation.probabilities.view()[static_cast<std::int64_t>(k)].data;
    const auto best = std::max_element(values, values + run.labels.num_classes()) - values;
    csv += concat(csv_field(run.ids()[static_cast<std::size_t>(run.labels.items[position])]), ",",
                  csv_field(run.labels.classes[static_cast<std::size_t>(run.labels.labels[position])]), ",",
                  csv_field(run.labels.classes[static_cast<std::size_t>(best)]), ",", values[best], "\n");
  }
  return csv;
}

void write_figures(const fs::path& folder, const HelperRun& run) {
  write_text(folder / "classes.csv", classes_csv(run));
  if (run.evaluation.before.count == 0) return;
  write_text(folder / "confusion.csv", confusion_csv(run));
  write_text(folder / "reliability.csv", reliability_csv(run));
  write_text(folder / "learning_curve.csv", learning_curve_csv(run));
  write_text(folder / "held_out.csv", held_out_csv(run));
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
  summary.num_judged = run.evaluation.before.count;
  summary.accuracy = run.evaluation.before.accuracy();
  summary.accuracy_margin = run.evaluation.before.accuracy_margin();
  summary.macro_f1 = run.evaluation.before.macro_f1();
  summary.log_loss = after.log_loss;
  summary.calibration_error = after.calibration_error;
  summary.calibration_error_before = run.evaluation.before.calibration_error;
  summary.advice = advise(run.evaluation.curve, run.labels.size());
}

std::string percent_text(double share) { return concat(std::round(1000 * share) / 10, "%"); }

std::string advice_text(const LabellingAdvice& advice) {
  if (!advice.known) return concat("not known from fewer than ", kLeastForecastLabels, " labels");
  const std::string gain = concat(std::round(1000 * advice.gain) / 10, " points");
  return advice.stop ? concat("about ", gain, " by the next ", kAdvisedLabels, " labels: time to stop")
                     : concat("about ", gain, " by the next ", kAdvisedLabels, " labels");
}

HelperPageModel page_model(const HelperRun& run) {
  HelperPageModel model;
  const TrainHelperSummary& summary = run.summary;
  const bool tuned = run.helper.kind == HelperKind::finetune;
  model.command = tuned ? "simile train finetune" : "simile train helper";
  model.title = run.options.input.filename().native();
  const std::string what =
      tuned ? concat(fs::path(summary.network).filename().native(), ", fine-tuned to tell ", summary.num_classes)
            : concat("A helper of kind ", summary.kind, " that tells ", summary.num_classes);
  model.lead = concat(what, " classes apart, from ", format_counted(summary.num_labels, "label", "labels"), ".");
  if (!summary.how.empty()) {
    model.facts = {
        {concat("Accuracy (", summary.how, ")"),
         concat(percent_text(summary.accuracy), ", give or take ", std::round(1000 * summary.accuracy_margin) / 10)},
        {"Mean F1 of the classes", percent_text(summary.macro_f1)},
        {"Calibration error, calibrated (as trained)",
         concat(percent_text(summary.calibration_error), " (", percent_text(summary.calibration_error_before), ")")},
    };
    if (run.options.evaluation.learning_curve) {
      model.facts.emplace_back("To expect of more labels", advice_text(summary.advice));
    }
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
  write_text(folder / kHelperLabels, labels_csv(run));
  write_text(folder / "ignored_labels.csv", ignored_labels_csv(run));
  write_figures(folder, run);
  write_text(folder / kHelperNext, to_fill_in(run, next));
  if (!model.confusion.empty()) write_text(folder / "confusion.svg", confusion_svg(model.classes, model.confusion));
  for (const auto& [name, svg] : {std::pair{"reliability.svg", reliability_svg(model)},
                                  std::pair{"learning_curve.svg", learning_curve_svg(model)}}) {
    if (!svg.empty()) write_text(folder / name, svg);
  }
  write_text(folder / "report.html", helper_page(model));
  write_manifest(folder, to_json(run.summary), run.options.arguments);
}

}  // namespace simile
