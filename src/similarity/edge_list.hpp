// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/similarity/edge_components.hpp"

namespace simile {

/// edge_components() of edges on the host, there.
std::vector<std::int64_t> edge_components_on_host(const EdgeList& edges, std::int64_t num_nodes,
                                                  const Context& context);

/// Names an edge and what nodes there are.
[[noreturn]] void throw_bad_edge(std::int64_t edge, std::int64_t left, std::int64_t right, std::int64_t num_nodes);

}  // namespace simile
