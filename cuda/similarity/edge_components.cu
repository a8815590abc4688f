// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/edge_components.hpp"
#include "cuda/similarity/parents.cuh"
#include "similarity/edge_list.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kPieceEdges = 1 << 20;
constexpr unsigned long long kNone = std::numeric_limits<unsigned long long>::max();

/// Every node a set of its own.
__global__ void separate(std::int32_t* nodes, std::int64_t count) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step) {
    nodes[k] = static_cast<std::int32_t>(k);
  }
}

/// Unites the ends of the edges; the first one that names no node goes to `wrong`.
template <class Node>
__global__ void unite_edges(const Node* edges, std::int64_t first, std::int64_t count, std::int64_t num_nodes,
                            Parents parents, unsigned long long* wrong) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step) {
    const Node a = edges[2 * k];
    const Node b = edges[2 * k + 1];
    if (a < 0 || a >= num_nodes || b < 0 || b >= num_nodes) {
      atomicMin(wrong, static_cast<unsigned long long>(first + k));
    } else {
      parents.unite(static_cast<std::int32_t>(a), static_cast<std::int32_t>(b));
    }
  }
}

/// Of every node its root. Halving may still move parents; roots are what they are.
__global__ void flatten(Parents parents, std::int64_t count, std::int64_t* labels) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step) {
    labels[k] = parents.find(static_cast<std::int32_t>(k));
  }
}

void separate_all(const Gpu& gpu, std::int64_t num_nodes, std::int32_t* nodes, unsigned long long* wrong) {
  launch(gpu.stream(), striding_grid(gpu, num_nodes, kThreads), dim3(kThreads), separate, nodes, num_nodes);
  check(cudaMemsetAsync(wrong, 0xff, sizeof(*wrong), gpu.stream().get()), "cudaMemsetAsync");
}

/// Edges on the device, the first of them being number `first`.
template <class Node>
void unite_all(const Gpu& gpu, const Node* edges, std::int64_t first, std::int64_t count, std::int64_t num_nodes,
               std::int32_t* nodes, unsigned long long* wrong) {
  launch(gpu.stream(), striding_grid(gpu, count, kThreads), dim3(kThreads), unite_edges<Node>, edges, first, count,
         num_nodes, Parents{nodes}, wrong);
}

void label_all(const Gpu& gpu, std::int64_t num_nodes, std::int32_t* nodes, std::int64_t* labels) {
  launch(gpu.stream(), striding_grid(gpu, num_nodes, kThreads), dim3(kThreads), flatten, Parents{nodes}, num_nodes,
         labels);
}

template <class Node>
class EdgeUnion {
 public:
  EdgeUnion(const View<const Node, 2>& edges, std::int64_t num_nodes, const Context& context)
      : gpu_(context.device_memory_bytes), edges_(edges), num_nodes_(num_nodes), context_(context) {}

  std::vector<std::int64_t> run() {
    separate_all(gpu_, num_nodes_, nodes_.data(), wrong_.data());
    if (edges_.device.kind == Device::Kind::cuda) {
      unite(edges_.data, 0, edges_.shape[0]);
    } else {
      unite_from_host();
    }
    unsigned long long wrong = kNone;
    copy_to_host(&wrong, wrong_.data(), 1, gpu_.stream());
    gpu_.stream().synchronize();
    if (wrong != kNone) report(static_cast<std::int64_t>(wrong));
    const DeviceBuffer<std::int64_t> labels(num_nodes_, gpu_.stream());
    label_all(gpu_, num_nodes_, nodes_.data(), labels.data());
    std::vector<std::int64_t> found(static_cast<std::size_t>(num_nodes_));
    copy_to_host(found.data(), labels.data(), num_nodes_, gpu_.stream());
    gpu_.stream().synchronize();
    return found;
  }

 private:
  void unite(const Node* edges, std::int64_t first, std::int64_t count) {
    unite_all(gpu_, edges, first, count, num_nodes_, nodes_.data(), wrong_.data());
  }

  /// While one piece is united the next one comes.
  void unite_from_host() {
    struct Piece {
      DeviceBuffer<Node> edges;
      Event united;
    };
    const Stream& upload = gpu_.uploader().stream();
    const std::int64_t room = std::min(kPieceEdges, edges_.shape[0]);
    Piece pieces[2];
    for (auto& piece : pieces) piece.edges = DeviceBuffer<Node>(2 * room, upload);
    std::size_t next = 0;
    for (std::int64_t first = 0; first < edges_.shape[0]; first += room, next = 1 - next) {
      context_.cancellation.check();
      Piece& piece = pieces[next];
      const std::int64_t count = std::min(room, edges_.shape[0] - first);
      upload.wait(piece.united);
      gpu_.uploader().copy(piece.edges.data(), edges_.data + 2 * first,
                           2 * count * static_cast<std::int64_t>(sizeof(Node)));
      gpu_.uploader().precede(gpu_.stream());
      unite(piece.edges.data(), first, count);
      gpu_.stream().record(piece.united);
    }
    gpu_.stream().synchronize();
  }

  [[noreturn]] void report(std::int64_t edge) {
    Node ends[2] = {};
    const Node* const from = edges_.data + 2 * edge;
    if (edges_.device.kind == Device::Kind::cuda) {
      copy_to_host(ends, from, 2, gpu_.stream());
      gpu_.stream().synchronize();
    } else {
      std::copy_n(from, 2, ends);
    }
    throw_bad_edge(edge, ends[0], ends[1], num_nodes_);
  }

  Gpu gpu_;
  View<const Node, 2> edges_;
  std::int64_t num_nodes_;
  const Context& context_;
  DeviceBuffer<std::int32_t> nodes_{num_nodes_, gpu_.stream()};
  DeviceBuffer<unsigned long long> wrong_{1, gpu_.stream()};
};

}  // namespace

void queue_edge_components(const Gpu& gpu, const DeviceGraph& graph, std::int64_t* labels) {
  separate_all(gpu, graph.num_nodes, graph.nodes, graph.wrong);
  unite_all(gpu, graph.edges, 0, graph.num_edges, graph.num_nodes, graph.nodes, graph.wrong);
  label_all(gpu, graph.num_nodes, graph.nodes, labels);
}

std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes, const Context& context) {
  if (num_nodes > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorCode::invalid_argument, concat(num_nodes, " nodes; on a GPU they are counted in 32 bits"));
  }
  return std::visit(
      [&]<class Node>(const View<const Node, 2>& view) { return EdgeUnion<Node>(view, num_nodes, context).run(); },
      edges);
}

}  // namespace simile::cuda
