// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "simile/feature/features.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// The metric that compares these features, which must outlive it.
std::unique_ptr<Metric> make_metric(const Features& features);

}  // namespace simile
