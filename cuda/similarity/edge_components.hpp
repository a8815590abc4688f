// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cuda/core/gpu.hpp"

#include "simile/similarity/edge_components.hpp"

namespace simile::cuda {

/// simile::edge_components() on the thread's current device: edges are united by any number of threads while further
/// ones come from the host, then every node looks up its root.
std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes, const Context& context);

/// A graph on the device, with what its components are found by.
struct DeviceGraph {
  const std::int32_t* edges;  ///< [num_edges, 2]
  std::int64_t num_edges;
  std::int64_t num_nodes;
  std::int32_t* nodes;        ///< scratch [num_nodes]
  unsigned long long* wrong;  ///< becomes the first edge that names no node; 2^64 - 1: there is none
};

/// The device's part of edge_components() alone: queues it, until labels [num_nodes] are there.
void queue_edge_components(const Gpu& gpu, const DeviceGraph& graph, std::int64_t* labels);

}  // namespace simile::cuda
