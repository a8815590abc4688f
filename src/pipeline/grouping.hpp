// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/edges.hpp"

namespace simile {

/// Components of the pairs that reach the threshold; their list goes to `edges` unless that is null.
std::vector<std::int64_t> find_components(const Metric& metric, double threshold, Edges* edges, const Context& context,
                                          CompareStats& stats);

}  // namespace simile
