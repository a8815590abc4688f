// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace simile::cuda {

/// How threads read what others write at the same time. Of global memory, past the first-level cache, which is not
/// coherent; an old value would only cost another round.
struct GlobalMemory {
  static __device__ std::int32_t load(const std::int32_t* from) { return __ldcg(from); }
  static __device__ void store(std::int32_t* to, std::int32_t value) { __stcg(to, value); }
};
struct SharedMemory {
  static __device__ std::int32_t load(const std::int32_t* from) { return *static_cast<const volatile int*>(from); }
  static __device__ void store(std::int32_t* to, std::int32_t value) { *static_cast<volatile int*>(to) = value; }
};

/// Disjoint sets on the device that any number of threads may unite at once, as UnionFind on the host: parents only
/// ever get smaller, so a root is its set's smallest member whatever the order.
template <class Memory>
struct DisjointSets {
  std::int32_t* nodes;

  /// The set's smallest member so far.
  __device__ std::int32_t find(std::int32_t node) const {
    for (;;) {
      const std::int32_t parent = Memory::load(nodes + node);
      if (parent == node) return node;
      const std::int32_t grandparent = Memory::load(nodes + parent);
      if (grandparent == parent) return parent;
      Memory::store(nodes + node, grandparent);  // any ancestor will do
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

using Parents = DisjointSets<GlobalMemory>;

}  // namespace simile::cuda
