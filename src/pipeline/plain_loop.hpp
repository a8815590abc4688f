// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simile/core/cancellation.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Seconds that one thread would need for all pairs of the metric's one set, each by its definition (Metric::exact) in
/// two nested loops: the time of a few seeded stretches of such loops, at most 30 ms of them, times the share of pairs
/// that they hold. 0 for fewer than two items. An estimate, and another one each time: for people only.
double plain_loop_seconds(const Metric& metric, std::uint64_t seed, const Cancellation& cancellation);

}  // namespace simile
