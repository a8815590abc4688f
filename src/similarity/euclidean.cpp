// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/euclidean.hpp"

#include <algorithm>
#include <cmath>

#include "similarity/arithmetic/cosine.hpp"
#include "similarity/arithmetic/euclidean.hpp"
#include "similarity/simd/kernels.hpp"
#include "similarity/vector_sides.hpp"

namespace simile {

EuclideanMetric::EuclideanMetric(View<const float, 2> vectors) : EuclideanMetric(vectors, vectors) {}

EuclideanMetric::EuclideanMetric(View<const float, 2> left, View<const float, 2> right)
    : sides_(std::make_unique<VectorSides>(left, right, false)) {}

EuclideanMetric::~EuclideanMetric() = default;

std::int64_t EuclideanMetric::num_left() const { return sides_->num_left(); }
std::int64_t EuclideanMetric::num_right() const { return sides_->num_right(); }
std::int64_t EuclideanMetric::resident_bytes() const { return sides_->resident_bytes(); }
Device EuclideanMetric::device() const { return sides_->device(); }
Cost EuclideanMetric::cost() const { return sides_->cost(); }

double EuclideanMetric::exact(std::int64_t left, std::int64_t right) const {
  sides_->ensure_on_host();
  return 0 - kernels().squared_distance(sides_->left(left), sides_->right(right), sides_->dimensions());
}

MetricItems EuclideanMetric::items() const { return {sides_->items(VectorItems::Kind::euclidean)}; }

void EuclideanMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                   std::vector<ScoredPair>& out) const {
  // -|x - y|^2 = 2 (x y - |x|^2 / 2 - |y|^2 / 2): the byte screen knows the halves as offsets.
  const double floor = need.floor / 2;
  const auto choice = sides_->choose(tile, floor, need.max_width / 2);
  if (choice.way == VectorSides::Way::exact) {
    Metric::screen_block(tile, need, workspace, out);
  } else if (choice.way == VectorSides::Way::floats) {
    screen_floats(tile, need.floor, workspace, out);
  } else {
    sides_->bytes().run(tile, floor, choice.stage, workspace, [&](auto left, auto right, double low, double high) {
      const double squares = sides_->left_norm(left) + sides_->right_norm(right);
      const double slack = euclidean_slack(squares, sides_->dimensions());
      out.push_back({left, right, 2 * low - squares - slack, std::min(0.0, 2 * high - squares + slack)});
    });
  }
}

void EuclideanMetric::screen_floats(const Tile& tile, double floor, Workspace& workspace,
                                    std::vector<ScoredPair>& out) const {
  const FloatProduct product = sides_->floats(tile, workspace);
  const double band = cosine_band(sides_->dimensions(), kFloatProductDepth);
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const float* const line = product.scores + (row - tile.rows.begin) * product.row_stride;
    const double row_square = sides_->left_norm(row);
    const double row_length = std::sqrt(row_square);
    for (std::int64_t col = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin; col < tile.cols.end;
         ++col) {
      const double squares = row_square + sides_->right_norm(col);
      const double lengths = 2 * row_length * std::sqrt(sides_->right_norm(col));
      const double score = lengths * static_cast<double>(line[col - tile.cols.begin]) - squares;
      const double half_width = lengths * band + euclidean_slack(squares, sides_->dimensions());
      if (score + half_width < floor) continue;
      out.push_back({row, col, score - half_width, std::min(0.0, score + half_width)});
    }
  }
}

}  // namespace simile
