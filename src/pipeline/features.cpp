// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/features.hpp"

#include "pipeline/open.hpp"

#include "simile/feature/feature_file.hpp"

namespace simile {

FeaturesSummary run_features(const FeaturesOptions& options, const Context& context) {
  options.features.validate();
  check_feature_file_target(options.out, options.overwrite);
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
