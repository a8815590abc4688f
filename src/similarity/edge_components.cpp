// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/edge_components.hpp"

#include <algorithm>
#include <atomic>

#include "similarity/edge_list.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/union_find.hpp"

namespace simile {
namespace {

constexpr std::int64_t kPiece = 1 << 16;

template <class Node>
std::vector<std::int64_t> on_host(const View<const Node, 2>& edges, std::int64_t num_nodes, const Context& context) {
  UnionFind sets(num_nodes);
  std::atomic<std::int64_t> first_wrong{edges.shape[0]};
  const auto unite = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      const auto a = static_cast<std::int64_t>(edges.data[2 * k]);
      const auto b = static_cast<std::int64_t>(edges.data[2 * k + 1]);
      if (a < 0 || a >= num_nodes || b < 0 || b >= num_nodes) {
        std::int64_t known = first_wrong.load();
        while (k < known && !first_wrong.compare_exchange_weak(known, k)) continue;
        return;
      }
      sets.unite(a, b);
    }
  };
  context.pool.parallel_for((edges.shape[0] + kPiece - 1) / kPiece, context.cancellation,
                            [&](int /*worker*/, std::int64_t piece) {
                              unite(piece * kPiece, std::min((piece + 1) * kPiece, edges.shape[0]));
                            });
  if (first_wrong < edges.shape[0]) {
    const Node* const edge = edges.data + 2 * first_wrong;
    throw_bad_edge(first_wrong, edge[0], edge[1], num_nodes);
  }
  return sets.labels();
}

}  // namespace

void throw_bad_edge(std::int64_t edge, std::int64_t left, std::int64_t right, std::int64_t num_nodes) {
  throw Error(ErrorCode::invalid_argument,
              concat("edge ", edge, " joins ", left, " and ", right, "; nodes are 0 to ", num_nodes - 1));
}

std::vector<std::int64_t> edge_components_on_host(const EdgeList& edges, std::int64_t num_nodes,
                                                  const Context& context) {
  return std::visit([&](const auto& view) { return on_host(view, num_nodes, context); }, edges);
}

std::vector<std::int64_t> Backend::edge_components(const EdgeList& edges, std::int64_t num_nodes,
                                                   const Context& context) const {
  return edge_components_on_host(edges, num_nodes, context);
}

std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes, const Context& context) {
  std::visit(
      [&](const auto& view) {
        if (view.shape[1] != 2 || !view.contiguous() || num_nodes < 0) {
          throw Error(ErrorCode::invalid_argument, concat("edges are pairs of node numbers [m, 2], contiguous; not [",
                                                          view.shape[0], ", ", view.shape[1], "]"));
        }
        if (view.device.kind != Device::Kind::cpu && view.device != context.device) {
          throw Error(ErrorCode::invalid_argument,
                      concat("edges on ", to_string(view.device), " cannot be read on ", to_string(context.device)));
        }
      },
      edges);
  for (const Backend* backend : backends()) {
    for (const auto& info : backend->devices()) {
      if (info.device == context.device) return backend->edge_components(edges, num_nodes, context);
    }
  }
  throw Error(ErrorCode::invalid_argument, concat("no backend runs on ", to_string(context.device)));
}

}  // namespace simile
