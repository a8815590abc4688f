// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/similarity/metric.hpp"
#include "simile/similarity/pairs.hpp"

namespace simile {

/// Seconds that comparing these pairs on the CPU takes, within a factor of a few: for choosing a device. 0 for a metric
/// that no other device knows.
double expected_cpu_seconds(const Pairs& pairs, const Metric& metric, int num_threads);

}  // namespace simile
