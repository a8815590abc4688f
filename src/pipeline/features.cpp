// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/features.hpp"

#include "pipeline/open.hpp"

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

FeaturesSummary run_features(const FeaturesOptions& options, const Context& context) {
  options.features.validate();
  check_feature_file_target(options.out, options.overwrite);
  check_not_the_input(options);
  Dataset dataset = open_nonempty(options.input, options.listing, context);
  const Extraction extraction = extract_nonempty(dataset, options.features, context);
  write_feature_file(options.out, extraction.features, dataset.catalogue(), options.overwrite);
  FeaturesSummary summary;
  summary.num_rows = extraction.features.num_rows();
  for (const auto& [item, reason] : extraction.errors) {
    summary.unreadable.emplace_back(dataset.catalogue().ids[static_cast<std::size_t>(item)], reason);
  }
  return summary;
}

}  // namespace simile
