// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

#include "simile/similarity/metric.hpp"

namespace simile {

/// From a node to its parent in a Linkage, by which edge; a root is its own parent, at -infinity.
struct Link {
  double low;
  std::int64_t left;
  std::int64_t right;
  std::int64_t parent;
};

/// The highest node that is joined to this one by edges that come before the given edge for sure.
SIMILE_SHARED std::int64_t climb_links(const Link* links, std::int64_t node, const ScoredPair& edge) {
  for (;;) {
    const Link& link = links[node];
    if (link.parent == node || link.low < edge.high) return node;
    // Of equal similarities the smaller pair comes first; an edge does not beat itself, but a second copy adds nothing.
    const bool before = edge.left != link.left ? edge.left < link.left : edge.right < link.right;
    if (link.low == edge.high && before) return node;
    node = link.parent;
  }
}

}  // namespace simile
