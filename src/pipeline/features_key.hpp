// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "simile/feature/features.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// SHA-256 over all that the similarities of these features depend on: method, parameters and every value. In
/// lower-case hexadecimal.
std::string features_key(const Features& features, const MetricOptions& options);

/// Names the feature of every row in 16 hexadecimal digits (the start of a SHA-256): the same for the same feature of
/// the same method.
std::vector<std::string> row_keys(const Features& features);

}  // namespace simile
