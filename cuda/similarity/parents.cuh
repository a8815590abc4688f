// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace simile::cuda {

/// Disjoint sets on the device that any number of threads may unite at once, as UnionFind on the host: parents only
/// ever get smaller, so a root is its set's smallest member whatever the order.
struct Parents {
  std::int32_t* nodes;

  /// The set's smallest member so far. Parents are read past the first-level cache, which is not coherent; an old one
  /// would only cost another round.
  __device__ std::int32_t find(std::int32_t node) const {
    for (;;) {
      const std::int32_t parent = __ldcg(nodes + node);
      if (parent == node) return node;
      const std::int32_t grandparent = __ldcg(nodes + parent);
      if (grandparent == parent) return parent;
      __stcg(nodes + node, grandparent);  // any ancestor will do
      node = grandparent;
    }
  }
  __device__ void unite(std::int32_t a, std::int32_t b) const {
    for (;;) {
      a = find(a);
      b = find(b);
      if (a == b) return;
      if (a < b) {
        const std::int32_t other = a;
        a = b;
        b = other;
      }
      if (atomicCAS(nodes + a, a, b) == a) return;
    }
  }
};

}  // namespace simile::cuda
