// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/cluster/threshold_curve.hpp"
#include "simile/core/context.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// What comparing some of a set's items with each other says about thresholds for the set.
struct SampleStudy {
  std::vector<Edge> pairs;  ///< rows of the metric with their exact similarity, most similar first, ties by rows; pairs
                            ///< that are alike to nothing are left out
  std::vector<CurvePoint> curve;
  ThresholdAdvice advice;
};

/// Compares `rows` (ascending) of the metric, a random sample of a set of `num_items`. Throws out_of_memory when their
/// pairs do not fit into context.memory_bytes.
SampleStudy study_sample(const Metric& metric, const std::vector<std::int64_t>& rows, std::int64_t num_items,
                         double default_threshold, const Context& context);

}  // namespace simile
