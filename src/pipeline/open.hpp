// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/feature/extract.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// open_dataset(); throws not_found when the input does not exist or holds nothing.
Dataset open_nonempty(const std::filesystem::path& input, const ListingOptions& listing, const Context& context);

/// An input, and the folder that its result will be.
struct OpenedInput {
  Dataset dataset;
  std::filesystem::path out;  ///< absolute
};

/// Opens the input of a run that writes a result folder: `out`, or beside the input with the suffix. Every check that
/// needs no reading of items comes here, before any work: throws not_found, or invalid_argument when the folder exists
/// and not `overwrite`, holds what simile did not write, or one would lie inside the other.
OpenedInput open_for_result(const std::filesystem::path& input, const std::filesystem::path& out,
                            std::string_view suffix, bool overwrite, const ListingOptions& listing,
                            const Context& context);

/// extract_features(), with the network that the options choose opened where one is needed; throws decode, with the
/// first item's reason, when no item could be read.
Extraction extract_nonempty(Dataset& dataset, const FeatureOptions& options, const Context& context);

/// choose_method(); throws invalid_argument also for a flag that has no effect on the method or the dataset, and for a
/// --window larger than the images.
Method checked_method(const Dataset& dataset, const FeatureOptions& features, const MetricOptions& metric);

/// The wanted threshold or the method's default. Throws invalid_argument naming what the method allows.
double checked_threshold(std::optional<double> wanted, Method method);

}  // namespace simile
