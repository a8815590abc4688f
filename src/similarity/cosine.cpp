// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/cosine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "similarity/arithmetic/cosine.hpp"
#include "similarity/simd/kernels.hpp"
#include "similarity/vector_sides.hpp"

namespace simile {
namespace {

constexpr double kAlikeToNothing = -std::numeric_limits<double>::infinity();

}  // namespace

CosineMetric::CosineMetric(View<const float, 2> vectors) : CosineMetric(vectors, vectors) {}

CosineMetric::CosineMetric(View<const float, 2> left, View<const float, 2> right)
    : sides_(std::make_unique<VectorSides>(left, right, true)) {}

CosineMetric::~CosineMetric() = default;

std::int64_t CosineMetric::num_left() const { return sides_->num_left(); }
std::int64_t CosineMetric::num_right() const { return sides_->num_right(); }
std::int64_t CosineMetric::resident_bytes() const { return sides_->resident_bytes(); }
Device CosineMetric::device() const { return sides_->device(); }
Cost CosineMetric::cost() const { return sides_->cost(); }

double CosineMetric::exact(std::int64_t left, std::int64_t right) const {
  sides_->ensure_on_host();
  const double norm_left = sides_->left_norm(left);
  const double norm_right = sides_->right_norm(right);
  if (norm_left == 0 || norm_right == 0) return kAlikeToNothing;
  if (sides_->same_row(left, right)) return 1;
  const double product = kernels().dot(sides_->left(left), sides_->right(right), sides_->dimensions());
  return std::clamp(product / std::sqrt(norm_left * norm_right), -1.0, 1.0);
}

MetricItems CosineMetric::items() const { return {sides_->items(VectorItems::Kind::cosine)}; }

void CosineMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                std::vector<ScoredPair>& out) const {
  // At a floor of 0 or below the byte screen rejects nothing.
  const double floor = need.floor > 0 ? need.floor : kAlikeToNothing;
  const auto choice = sides_->choose(tile, floor, need.max_width);
  if (choice.way == VectorSides::Way::exact) {
    Metric::screen_block(tile, need, workspace, out);
  } else if (choice.way == VectorSides::Way::floats) {
    screen_floats(tile, need.floor, workspace, out);
  } else {
    sides_->bytes().run(tile, floor, choice.stage, workspace, [&](auto left, auto right, double low, double high) {
      if (sides_->left_norm(left) != 0 && sides_->right_norm(right) != 0) out.push_back({left, right, low, high});
    });
  }
}

void CosineMetric::screen_floats(const Tile& tile, double floor, Workspace& workspace,
                                 std::vector<ScoredPair>& out) const {
  const FloatProduct product = sides_->floats(tile, workspace);
  const double band = cosine_band(sides_->dimensions(), kFloatProductDepth);
  // One comparison in float rejects nearly all pairs; it errs on the side of keeping them.
  const float reject_below = std::nextafter(static_cast<float>(floor - band), -std::numeric_limits<float>::infinity());
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const float* const line = product.scores + (row - tile.rows.begin) * product.row_stride;
    for (std::int64_t col = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin; col < tile.cols.end;
         ++col) {
      const float score = line[col - tile.cols.begin];
      if (score < reject_below) continue;
      if (sides_->left_norm(row) == 0 || sides_->right_norm(col) == 0) {
        if (kAlikeToNothing >= floor) out.push_back({row, col, kAlikeToNothing, kAlikeToNothing});
      } else {
        out.push_back({row, col, static_cast<double>(score) - band, static_cast<double>(score) + band});
      }
    }
  }
}

}  // namespace simile
