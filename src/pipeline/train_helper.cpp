// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/train_helper.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "pipeline/helper_outputs.hpp"
#include "pipeline/helper_run.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/train/training.hpp"

namespace simile {
namespace {

// An update of mlp makes so many times fewer passes than a training from nothing.
constexpr std::int64_t kUpdateShare = 4;

/// One of a kind that learns from vectors.
struct Run : HelperRun {
  const TrainHelperOptions& own;
  std::vector<LinearModel> start{};  ///< layers of the earlier helper; empty: anew

  Run(const TrainHelperOptions& told, const Context& where) : HelperRun{told, where}, own(told) {}
  const Array<float, 2>& vectors() const { return dataset.features->vectors; }
};

Array<float, 2> gather(const Array<float, 2>& vectors, std::span<const std::int64_t> items) {
  const std::int64_t width = vectors.shape(1);
  Array<float, 2> out({std::ssize(items), width});
  for (std::size_t k = 0; k < items.size(); ++k) {
    std::copy_n(vectors.data() + items[k] * width, width, out.data() + static_cast<std::int64_t>(k) * width);
  }
  return out;
}

/// Those vectors at unit length.
Array<float, 2> gather_unit(const Array<float, 2>& vectors, std::span<const std::int64_t> items) {
  Array<float, 2> rows = gather(vectors, items);
  for (std::int64_t row = 0; row < rows.shape(0); ++row) {
    double norm = 0;
    for (std::int64_t k = 0; k < rows.shape(1); ++k) norm += std::pow(static_cast<double>(rows.view()(row, k)), 2);
    if (!std::isfinite(norm)) throw Error(ErrorCode::model, "a labelled vector has a value that is not finite");
    for (std::int64_t k = 0; norm > 0 && k < rows.shape(1); ++k) {
      rows.view()(row, k) = static_cast<float>(rows.view()(row, k) / std::sqrt(norm));
    }
  }
  return rows;
}

/// Fits to labelled items, given by position. The last fit says how hard it was and goes on from the earlier helper;
/// those that measure must not: it has seen what they hold out.
std::vector<LinearModel> fit(Run& run, std::span<const std::int64_t> positions, ProbeFit* last) {
  const std::vector<std::int64_t> items = run.items_of(positions);
  const std::vector<std::int32_t> labels = run.labels_of(positions);
  if (run.own.kind == HelperKind::mlp) {
    MlpOptions mlp = run.own.mlp;
    mlp.seed = run.options.seed;
    mlp.threads = run.context.pool.num_threads();
    mlp.balanced = run.own.probe.balanced;
    std::span<const LinearModel> from;
    if (last != nullptr && !run.start.empty()) {
      from = run.start;
      mlp.epochs = (mlp.epochs + kUpdateShare - 1) / kUpdateShare;
    }
    return helper_backend().train_mlp(gather_unit(run.vectors(), items).view(), labels, run.labels.num_classes(), mlp,
                                      from, run.context);
  }
  const LinearModel* const start = last != nullptr && !run.start.empty() ? &run.start.front() : nullptr;
  ProbeFit fitted;
  if (run.context.device.kind == Device::Kind::cuda) {
    fitted = helper_backend(run.context.device)
                 .fit_probe(gather(run.vectors(), items).view(), labels, run.labels.num_classes(), run.helper.probe,
                            start, run.context);
  } else {
    const LinearProbe probe(run.vectors().view(), items, labels, run.labels.num_classes(), run.context);
    fitted = probe.fit(run.helper.probe, start, start != nullptr ? read_curvature(run.out) : nullptr);
  }
  std::vector<LinearModel> layers;
  layers.push_back(fitted.model.clone());
  if (last != nullptr) *last = std::move(fitted);
  return layers;
}

/// Returns what is kept for the next fit, or null.
std::shared_ptr<const ProbeCurvature> measure_and_fit(Run& run) {
  measure(run, [&](std::span<const std::int64_t> fitted, std::span<const std::int64_t> held_out) {
    Helper part;
    part.kind = run.own.kind;
    part.layers = fit(run, fitted, nullptr);
    return helper_scores(part, gather(run.vectors(), run.items_of(held_out)).view(), run.context);
  });
  ProbeFit told;
  const auto begin = std::chrono::steady_clock::now();
  run.helper.layers = fit(run, run.all_positions(), &told);
  run.summary.fit_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  run.summary.evaluations = told.evaluations;
  run.summary.curvature_kept = told.curvature_was_kept;
  return told.curvature;
}

/// Where the last fit starts; throws invalid_argument for a helper of another kind or network.
void start_from_earlier(Run& run) {
  if (!run.options.update || !is_helper(run.out)) return;
  const Helper earlier = read_helper(run.out);
  if (earlier.kind != run.own.kind) {
    throw Error(
        ErrorCode::invalid_argument,
        concat("--kind ", to_string(run.own.kind), ": the helper in ", in_quotes(run.out.native()), " is of kind ",
               to_string(earlier.kind), "; --update goes on with the same kind, --overwrite begins anew"));
  }
  check_same_network(earlier, run.helper.model, run.helper.model_identity);
  if (run.own.kind == HelperKind::mlp && earlier.layers.front().num_classes() != run.own.mlp.hidden) {
    throw Error(
        ErrorCode::invalid_argument,
        concat("--hidden ", run.own.mlp.hidden, ": the helper in ", in_quotes(run.out.native()), " has ",
               earlier.layers.front().num_classes(), "; --update goes on with as many, --overwrite begins anew"));
  }
  run.start = start_from(earlier, run.own.kind, run.labels.classes, run.vectors().shape(1));
  run.summary.warm = !run.start.empty();
}

}  // namespace

void TrainHelperOptions::validate() const {
  if (kind == HelperKind::finetune) {
    throw Error(ErrorCode::invalid_argument,
                "--kind finetune: needs the photos themselves: simile train finetune PHOTOS");
  }
  probe.validate();
  mlp.validate();
  HelperRunOptions::validate();
}

TrainHelperSummary run_train_helper(const TrainHelperOptions& options, const Context& context) {
  options.validate();
  if (context.device.kind == Device::Kind::cuda && options.kind != HelperKind::linear) {
    throw Error(ErrorCode::invalid_argument, concat("--device ", to_string(context.device), ": helpers of kind ",
                                                    to_string(options.kind), " are trained on the CPU alone"));
  }
  Run run(options, context);
  check_target(run);
  run.dataset = open_embeddings(options.input, context);
  run.summary.kind = to_string(options.kind);
  read_labels(run);
  run.helper.kind = options.kind;
  run.helper.embedding = concat("vectors of ", run.vectors().shape(1), " values");
  run.helper.model = run.dataset.features->model;
  run.helper.architecture = run.dataset.features->architecture;
  run.helper.model_identity = run.dataset.features->model_identity;
  run.helper.probe = options.probe;
  run.helper.probe.kind = options.kind == HelperKind::ridge ? ProbeKind::ridge : ProbeKind::logistic;
  start_from_earlier(run);
  note_seen_labels(run, run.helper.model);
  ResultFolder folder(run.out, options.overwrite || options.update);
  const auto curvature = measure_and_fit(run);
  if (curvature != nullptr) write_curvature(folder.path(), *curvature);
  write_helper_folder(folder.path(), run, run.vectors());
  folder.commit();
  return run.summary;
}

}  // namespace simile
