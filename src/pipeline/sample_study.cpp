// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sample_study.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/subset.hpp"

namespace simile {

SampleStudy study_sample(const Metric& metric, const std::vector<std::int64_t>& rows, std::int64_t num_items,
                         double default_threshold, const Context& context) {
  const Pairs pairs = Pairs::triangle(static_cast<std::int64_t>(rows.size()));
  const std::int64_t bytes = 3 * pairs.count() * static_cast<std::int64_t>(sizeof(Edge));  // collected, copied, sorted
  if (bytes > context.memory_bytes / 2) {
    throw Error(ErrorCode::out_of_memory,
                concat("comparing a sample of ", format_count(pairs.num_left()), " images takes ", format_bytes(bytes),
                       "; half of --memory is ", format_bytes(context.memory_bytes / 2), " (take a smaller --sample)"));
  }
  const SubsetMetric subset(metric, rows, rows);
  EdgesOptions options;
  options.max_edges = std::max<std::int64_t>(1, pairs.count());
  options.memory_bytes = bytes;
  Edges edges(-std::numeric_limits<double>::infinity(), options);
  compare(pairs, subset, edges, context);
  SampleStudy study;
  std::vector<double> similarities;
  edges.for_each([&](const Edge& edge) {
    if (!std::isfinite(edge.similarity)) return;
    study.pairs.push_back(edge);
    similarities.push_back(edge.similarity);
  });
  study.curve = threshold_curve(pairs.num_left(), study.pairs, std::move(similarities));
  study.advice = advise_threshold(study.curve, pairs.num_left(), num_items, default_threshold);
  for (auto& edge : study.pairs) {
    edge.left = rows[static_cast<std::size_t>(edge.left)];
    edge.right = rows[static_cast<std::size_t>(edge.right)];
  }
  std::sort(study.pairs.begin(), study.pairs.end(), [](const Edge& a, const Edge& b) {
    return std::tuple(-a.similarity, a.left, a.right) < std::tuple(-b.similarity, b.left, b.right);
  });
  return study;
}

}  // namespace simile
