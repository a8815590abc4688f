// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/train_helper.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "pipeline/helper_outputs.hpp"
#include "pipeline/helper_run.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/train/training.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// One of a kind that learns from vectors.
struct Run : HelperRun {
  const TrainHelperOptions& own;
  std::unique_ptr<LinearModel> start{};

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

/// Fits to labelled items, given by position, and says how hard it was.
std::vector<LinearModel> fit(Run& run, std::span<const std::int64_t> positions, const LinearModel* start,
                             ProbeFit* told) {
  const std::vector<std::int64_t> items = run.items_of(positions);
  const std::vector<std::int32_t> labels = run.labels_of(positions);
  if (run.own.kind == HelperKind::mlp) {
    MlpOptions mlp = run.own.mlp;
    mlp.seed = run.options.seed;
    mlp.threads = run.context.pool.num_threads();
    mlp.balanced = run.own.probe.balanced;
    Array<float, 2> rows = gather(run.vectors(), items);
    for (std::int64_t row = 0; row < rows.shape(0); ++row) {
      double norm = 0;
      for (std::int64_t k = 0; k < rows.shape(1); ++k) norm += std::pow(static_cast<double>(rows.view()(row, k)), 2);
      if (!std::isfinite(norm)) throw Error(ErrorCode::model, "a labelled vector has a value that is not finite");
      for (std::int64_t k = 0; norm > 0 && k < rows.shape(1); ++k) {
        rows.view()(row, k) = static_cast<float>(rows.view()(row, k) / std::sqrt(norm));
      }
    }
    return helper_backend().train_mlp(rows.view(), labels, run.labels.num_classes(), mlp, {}, run.context);
  }
  const LinearProbe probe(run.vectors().view(), items, labels, run.labels.num_classes(), run.context);
  ProbeFit fitted = probe.fit(run.helper.probe, start);
  std::vector<LinearModel> layers;
  layers.push_back(fitted.model.clone());
  if (told != nullptr) *told = std::move(fitted);
  return layers;
}

void measure_and_fit(Run& run) {
  measure(run, [&](std::span<const std::int64_t> fitted, std::span<const std::int64_t> held_out) {
    Helper part;
    part.kind = run.own.kind;
    part.layers = fit(run, fitted, nullptr, nullptr);
    return helper_scores(part, gather(run.vectors(), run.items_of(held_out)).view(), run.context);
  });
  ProbeFit told;
  const auto begin = std::chrono::steady_clock::now();
  run.helper.layers = fit(run, run.all_positions(), run.start.get(), &told);
  run.summary.fit_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  run.summary.evaluations = told.evaluations;
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
  run.start = start_from(earlier, run.own.kind, run.labels.classes, run.vectors().shape(1));
  run.summary.warm = run.start != nullptr;
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
  ResultFolder folder(run.out, options.overwrite || options.update);
  measure_and_fit(run);
  write_helper_folder(folder.path(), run, run.vectors());
  folder.commit();
  return run.summary;
}

}  // namespace simile
