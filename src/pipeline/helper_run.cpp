// SPDX-License-Identifier: Apache-2.0
#include "pipeline/helper_run.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "pipeline/target.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/report/result_folder.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolders = "folders";
/// What people have filled into the next.csv of the helper that is replaced: labels for an update, and else too good to
/// lose.
void take_filled_in(const HelperRun& run, std::vector<LabelRow>& rows) {
  const fs::path next = run.out / kHelperNext;
  std::unordered_set<std::string> named;
  for (const auto& row : rows) {
    if (!row.label.empty()) named.insert(row.path);
  }
  const std::vector<LabelRow> filled = filled_in(run.out, named);
  if (filled.empty()) return;
  if (!run.options.update) {
    throw Error(ErrorCode::invalid_argument,
                concat("--overwrite: ", in_quotes(next.native()), " holds ",
                       format_counted(std::ssize(filled), "label that is", "labels that are"),
                       " in no file given, such as that of ", in_quotes(filled.front().path),
                       ": name it by --labels, or move it away"));
  }
  run.context.progress.note(concat(format_counted(std::ssize(filled), "label", "labels"), " filled into ",
                                   in_quotes(next.native()), " are taken, too"));
  rows.insert(rows.end(), filled.begin(), filled.end());
}

/// What is said of labels: by the files that were given, and by an earlier helper of what they do not name.
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
  if (run.is_replaced()) take_filled_in(run, rows);
  const bool none = std::all_of(rows.begin(), rows.end(), [](const LabelRow& row) { return row.label.empty(); });
  if (options.update && !options.labels.empty() && none) {
    run.context.progress.note("--labels: no row has a label yet; what the earlier helper knows is all there is");
  }
  const fs::path earlier = run.out / kHelperLabels;
  if (!options.update || !is_helper(run.out)) return rows;
  if (!fs::exists(earlier)) {
    run.context.progress.note(concat("--update: there is no ", in_quotes(earlier.native()),
                                     " any more, so that only the labels given count"));
    return rows;
  }
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

std::vector<LabelRow> filled_in(const fs::path& folder, const std::unordered_set<std::string>& named) {
  const std::vector<fs::path> files{folder / kHelperNext};
  if (!fs::exists(files.front())) return {};
  std::vector<LabelRow> filled = read_label_rows(files);
  std::erase_if(filled, [&](const LabelRow& row) { return row.label.empty() || named.contains(row.path); });
  return filled;
}

void note_seen_labels(HelperRun& run, const std::string& model) {
  const fs::path seen = fs::path(model) / kHelperLabels;
  std::error_code error;
  if (model.empty() || !is_helper(model) || !fs::exists(seen, error)) return;
  std::unordered_set<std::string> labelled;
  for (const auto item : run.labels.items) labelled.insert(run.ids()[static_cast<std::size_t>(item)]);
  const std::vector<fs::path> files{seen};
  for (const auto& row : read_label_rows(files)) run.summary.num_seen += labelled.contains(row.path) ? 1 : 0;
}

void measure(HelperRun& run, const FitAndScore& fit_and_score) {
  EvaluationOptions evaluation = run.options.evaluation;
  evaluation.seed = run.options.seed;
  run.evaluation = evaluate(fit_and_score, run.labels.labels, run.labels.num_classes(), evaluation, run.context);
  run.helper.temperature = run.evaluation.temperature;
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
  json["labels_that_the_network_has_seen"] = summary.num_seen;
  if (!summary.how.empty()) {
    json["measured_by"] = summary.how;
    json["judged"] = summary.num_judged;
    json["accuracy"] = summary.accuracy;
    json["accuracy_margin"] = summary.accuracy_margin;
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
    json["training_loss"] = summary.training_loss;
    json["parameters"] = summary.num_parameters;
    json["unreadable"] = summary.unreadable.size();
  }
  json["evaluations"] = summary.evaluations;
  json["curvature_of_the_earlier_helper"] = summary.curvature_kept;
  json["fit_seconds"] = summary.fit_seconds;
  return json.dump(2) + "\n";
}

}  // namespace simile
