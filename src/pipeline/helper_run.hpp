// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/dataset.hpp"
#include "simile/pipeline/helper_run.hpp"
#include "simile/train/helper.hpp"
#include "simile/train/labels.hpp"

namespace simile {

/// In a helper's folder: all that it was trained on.
inline constexpr const char* kHelperLabels = "labels.csv";
/// What to label next, to be filled in.
inline constexpr const char* kHelperNext = "next.csv";

/// A helper in training, whatever its kind.
struct HelperRun {
  const HelperRunOptions& options;
  const Context& context;
  std::filesystem::path out{};  ///< absolute
  Dataset dataset{};
  std::vector<LabelRow> rows{};  ///< all that is said of labels
  std::vector<LabelRow> kept{};  ///< of the earlier helper, of images that are not in this set: for a later one
  Labels labels{};
  Helper helper{};
  Evaluation evaluation{};
  TrainHelperSummary summary{};

  const std::vector<std::string>& ids() const { return dataset.catalogue().ids; }
  /// Whether there is a helper where this one will be.
  bool is_replaced() const { return (options.overwrite || options.update) && is_helper(out); }
  /// Of labelled items, given by position.
  std::vector<std::int64_t> items_of(std::span<const std::int64_t> positions) const;
  std::vector<std::int32_t> labels_of(std::span<const std::int64_t> positions) const;
  /// Every position.
  std::vector<std::int64_t> all_positions() const;
};

/// What needs no reading of items: resolves `out` and checks that it may be written to. Throws as run_train_helper().
void check_target(HelperRun& run);

/// Reads what is said of labels, by the files that were given and by an earlier helper of what they do not name, and
/// makes labels of it.
void read_labels(HelperRun& run);

/// Labels in the next.csv of a helper's folder of images that are not in `named`.
std::vector<LabelRow> filled_in(const std::filesystem::path& folder, const std::unordered_set<std::string>& named);

/// Says when the network `model` was trained on labels that are measured on: what is measured is then too good.
void note_seen_labels(HelperRun& run, const std::string& model);

/// Measures what fit_and_score() is worth, and takes the temperature from that.
void measure(HelperRun& run, const FitAndScore& fit_and_score);

/// Writes everything of a helper's folder to `folder`, which will be run.out. `vectors`: of every item, NaN where it
/// has none.
void write_helper_folder(const std::filesystem::path& folder, HelperRun& run, const Array<float, 2>& vectors);

}  // namespace simile
