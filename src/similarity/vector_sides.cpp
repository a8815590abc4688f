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
    : left_(left),
      right_(right),
      one_set_(left.data == right.data && left.shape == right.shape),
      normalised_(normalised) {
  ensure(left.contiguous() && right.contiguous(), "vectors must be contiguous");
  if (left.shape[1] != right.shape[1] || left.shape[1] < 1) {
    throw Error(ErrorCode::invalid_argument,
                concat("vectors of ", left.shape[1], " and ", right.shape[1], " dimensions cannot be compared"));
  }
  if (left.device != right.device) {
    throw Error(ErrorCode::invalid_argument, concat("vectors on ", to_string(left.device), " and on ",
                                                    to_string(right.device), " cannot be compared"));
  }
  if (device().kind != Device::Kind::cpu) return;
  norms_ = Array<double, 1>({num_left() + (one_set_ ? 0 : num_right())});
  squared_norms(left, norms_.data());
  if (!one_set_) squared_norms(right, norms_.data() + num_left());
}

VectorSides::Bytes::Bytes(const VectorSides& sides, bool normalised)
    : left(sides.left_, sides.norms_.data(), normalised),
      right(sides.one_set_
                ? std::nullopt
                : std::optional<QuantisedRows>(std::in_place, sides.right_, sides.right_norms(), normalised)),
      screen(left, right ? *right : left, sides.one_set_) {}

const ByteScreen& VectorSides::bytes() const {
  std::call_once(bytes_once_, [this] { bytes_.emplace(*this, normalised_); });
  return bytes_->screen;
}

bool VectorSides::has_bytes() const { return dimensions() <= kMaxProductDepth; }

void VectorSides::ensure_on_host() const {
  if (device().kind == Device::Kind::cpu) return;
  throw Error(ErrorCode::invalid_argument,
              concat("the vectors lie on ", to_string(device()), " and are compared there, not on cpu"));
}

VectorItems VectorSides::items(VectorItems::Kind kind) const {
  if (device().kind != Device::Kind::cpu) return {kind, left_, right_, nullptr, nullptr};
  return {kind, left_, right_, norms_.data(), right_norms()};
}

bool VectorSides::same_row(std::int64_t left_row, std::int64_t right_row) const {
  const float* const x = left(left_row);
  return std::equal(x, x + dimensions(), right(right_row));
}

std::int64_t VectorSides::resident_bytes() const {
  if (device().kind != Device::Kind::cpu) return 0;
  const auto side = [&](std::int64_t rows) {
    return 4 * rows * dimensions() + (has_bytes() ? QuantisedRows::size_bytes(rows, dimensions()) : 0);
  };
  return norms_.size_bytes() + side(num_left()) + (one_set_ ? 0 : side(num_right()));
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
  ensure_on_host();
  const bool few_rows = tile.rows.size() < kFewRows;
  if (has_bytes() && std::isfinite(floor) && bytes().max_width() <= max_width) {
    const ByteScreen::Plan plan = bytes().plan(floor);
    if (few_rows || plan.unsure <= kMostUnsure) return {Way::bytes, plan.stage};
  }
  return {few_rows ? Way::exact : Way::floats, 0};
}

}  // namespace simile
