// SPDX-License-Identifier: Apache-2.0
#include "pipeline/grouping.hpp"

#include "simile/similarity/components.hpp"

namespace simile {

std::vector<std::int64_t> find_components(const Metric& metric, double threshold, Edges* edges, const Context& context,
                                          CompareStats& stats) {
  const Pairs pairs = Pairs::triangle(metric.num_left());
  if (edges == nullptr) {
    Components components(threshold);
    stats = compare(pairs, metric, components, context);
    return components.labels();
  }
  stats = compare(pairs, metric, *edges, context);
  UnionFind sets(metric.num_left());
  edges->for_each([&](const Edge& edge) {
    context.cancellation.check();
    sets.unite(edge.left, edge.right);
  });
  return sets.labels();
}

}  // namespace simile
