// SPDX-License-Identifier: Apache-2.0
#include "similarity/vector_sides.hpp"

#include <algorithm>
#include <cmath>

#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kEdge = 384;  // a multiple of every level's blocks

/// Fewer rows than this do not pay for packing their columns as floats.
constexpr std::int64_t kFewRows = 8;
/// Where the byte screen leaves a larger share of pairs open, evaluating them costs more than it saves.
constexpr double kMostUnsure = 0.08;

void squared_norms(const View<const float, 2>& rows, double* norms) {
  const Kernels& simd = kernels();
  for (std::int64_t row = 0; row < rows.shape[0]; ++row) {
    norms[row] = simd.dot(rows[row].data, rows[row].data, rows.shape[1]);
    // Squares of floats cannot overflow a double.
    if (!std::isfinite(norms[row])) {
      throw Error(ErrorCode::invalid_argument, concat("row ", row, " holds NaN or an infinite value"));
    }
  }
}

}  // namespace

VectorSides::VectorSides(View<const float, 2> left, View<const float, 2> right, bool normalised)
    : left_(left), right_(right), one_set_(left.data == right.data && left.shape == right.shape) {
  ensure(left.contiguous() && right.contiguous(), "vectors must be contiguous");
  if (left.shape[1] != right.shape[1] || left.shape[1] < 1) {
    throw Error(ErrorCode::invalid_argument,
                concat("vectors of ", left.shape[1], " and ", right.shape[1], " dimensions cannot be compared"));
  }
  norms_ = Array<double, 1>({num_left() + (one_set_ ? 0 : num_right())});
  squared_norms(left, norms_.data());
  if (!one_set_) squared_norms(right, norms_.data() + num_left());
  if (dimensions() > kMaxProductDepth) return;
  left_bytes_.emplace(left, norms_.data(), normalised);
  if (!one_set_) right_bytes_.emplace(right, right_norms(), normalised);
  bytes_.emplace(*left_bytes_, one_set_ ? *left_bytes_ : *right_bytes_, one_set_);
}

bool VectorSides::same_row(std::int64_t left_row, std::int64_t right_row) const {
  const float* const x = left(left_row);
  return std::equal(x, x + dimensions(), right(right_row));
}

std::int64_t VectorSides::resident_bytes() const {
  std::int64_t bytes =
      norms_.size_bytes() + static_cast<std::int64_t>(sizeof(float)) * (left_.size() + (one_set_ ? 0 : right_.size()));
  if (left_bytes_) bytes += left_bytes_->size_bytes();
  if (right_bytes_) bytes += right_bytes_->size_bytes();
  return bytes;
}

Cost VectorSides::cost() const {
  Cost cost;
  cost.preferred_edge = kEdge;
  // The larger of both screens'.
  cost.bytes_per_row = std::max(float_product_bytes_per_row(dimensions()), ByteScreen::bytes_per_row(dimensions()));
  cost.bytes_per_column =
      std::max(float_product_bytes_per_row(dimensions()), ByteScreen::bytes_per_column(dimensions()));
  cost.bytes_per_pair = kFloatProductBytesPerPair;
  cost.fixed_bytes = std::max(float_product_fixed_bytes(dimensions(), kEdge), ByteScreen::fixed_bytes(dimensions()));
  return cost;
}

VectorSides::Choice VectorSides::choose(const Tile& tile, double floor, double max_width) const {
  const bool few_rows = tile.rows.size() < kFewRows;
  if (bytes_ && std::isfinite(floor) && bytes_->max_width() <= max_width) {
    const ByteScreen::Plan plan = bytes_->plan(floor);
    if (few_rows || plan.unsure <= kMostUnsure) return {Way::bytes, plan.stage};
  }
  return {few_rows ? Way::exact : Way::floats, 0};
}

}  // namespace simile
