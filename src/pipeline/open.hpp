// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/feature/extract.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// open_dataset(); throws not_found when the input does not exist or holds nothing.
Dataset open_nonempty(const std::filesystem::path& input, const ListingOptions& listing, const Context& context);

/// extract_features(); throws decode, with the first item's reason, when no item could be read.
Extraction extract_nonempty(Dataset& dataset, const FeatureOptions& options, const Context& context);

/// How the dataset's features, taken by `method`, are compared. Throws invalid_argument naming --window when it has no
/// effect on the method, or is larger than the images.
MetricOptions checked_metric_options(std::optional<SsimWindow> window, const Dataset& dataset, Method method,
                                     const FeatureOptions& options);

/// The wanted threshold or the method's default. Throws invalid_argument naming what the method allows.
double checked_threshold(std::optional<double> wanted, Method method);

}  // namespace simile
