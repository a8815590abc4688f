// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/features.hpp"

#include "pipeline/network_embedder.hpp"
#include "pipeline/open.hpp"
#include "pipeline/stopwatch.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/feature_file.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// --overwrite is for earlier features: what is being read is not among them.
void check_not_the_input(const FeaturesOptions& options) {
  for (const auto& file : feature_files(options.out)) {
    std::error_code missing;
    if (fs::equivalent(file, options.input, missing)) {
      throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(options.out.native()), " would replace ",
                                                      in_quotes(options.input.native()), ", which is being read"));
    }
  }
}

}  // namespace

double FeaturesSummary::images_per_second() const {
  const auto num_made = static_cast<double>(num_rows - num_kept);
  return num_made > 0 && seconds > 0 ? num_made / seconds : 0;
}

FeaturesSummary run_features(const FeaturesOptions& options, const Context& context) {
  options.features.validate();
  check_feature_file_target(options.out, options.overwrite);
  check_not_the_input(options);
  Dataset dataset = open_nonempty(options.input, options.listing, context);
  if (options.images_only && dataset.features) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(options.input.native()), " holds ", dataset.content(), ", not images"));
  }
  const FeatureOptions features = with_embedder(options.features, dataset, context);  // opening it is not timed
  Stopwatch watch;
  const Extraction extraction = extract_nonempty(dataset, features, context);
  watch.lap("read");
  FeaturesSummary summary;
  summary.num_rows = extraction.features.num_rows();
  summary.num_kept = extraction.num_kept;
  summary.seconds = watch.laps().front().second;
  summary.model = extraction.features.model;
  summary.row_size = extraction.features.vectors.shape(1);
  // Of networks alone: other features are the same bytes from run to run.
  write_feature_file(options.out, extraction.features, dataset.catalogue(), options.overwrite,
                     summary.model.empty() ? 0 : summary.images_per_second());
  for (const auto& [item, reason] : extraction.errors) {
    summary.unreadable.emplace_back(dataset.catalogue().ids[static_cast<std::size_t>(item)], reason);
  }
  return summary;
}

}  // namespace simile
