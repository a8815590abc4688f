// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Edges of a graph as pairs of node numbers [m, 2], contiguous.
using EdgeList = std::variant<View<const std::int32_t, 2>, View<const std::int64_t, 2>>;

/// Connected components of a graph that is there as a list of edges: for each of `num_nodes` nodes the smallest node of
/// its component. Runs on context.device; edges on the host, or on that device, where they are read without a copy.
/// Throws invalid_argument when the view is not [m, 2], lies on another device, or an edge names a node below 0 or from
/// num_nodes on (naming the first that does); out_of_memory.
std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes, const Context& context);

}  // namespace simile
