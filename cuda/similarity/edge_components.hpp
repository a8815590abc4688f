// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/similarity/edge_components.hpp"

namespace simile::cuda {

/// simile::edge_components() on the thread's current device: edges are united by any number of threads while further
/// ones come from the host, then every node looks up its root.
std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes, const Context& context);

}  // namespace simile::cuda
