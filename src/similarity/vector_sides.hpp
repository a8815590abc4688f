// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "similarity/byte_screen.hpp"
#include "similarity/float_product.hpp"
#include "similarity/quantised_rows.hpp"

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Both sides of a metric on float vectors, with what its screens keep beside them.
class VectorSides {
 public:
  /// Throws invalid_argument when the sides differ in d, d is 0, or a value is NaN or infinite (naming the row).
  /// `normalised`: whether the byte screen bounds the cosine or the product of the rows (QuantisedRows).
  VectorSides(View<const float, 2> left, View<const float, 2> right, bool normalised);
  VectorSides(const VectorSides&) = delete;
  VectorSides& operator=(const VectorSides&) = delete;

  std::int64_t num_left() const { return left_.shape[0]; }
  std::int64_t num_right() const { return right_.shape[0]; }
  std::int64_t dimensions() const { return left_.shape[1]; }
  const float* left(std::int64_t row) const { return left_[row].data; }
  const float* right(std::int64_t row) const { return right_[row].data; }
  /// Squared, by the definition's sums.
  double left_norm(std::int64_t row) const { return norms_.data()[row]; }
  double right_norm(std::int64_t row) const { return right_norms()[row]; }
  bool same_row(std::int64_t left, std::int64_t right) const;

  VectorItems items(VectorItems::Kind kind) const { return {kind, left_, right_, norms_.data(), right_norms()}; }

  std::int64_t resident_bytes() const;
  Cost cost() const;

  enum class Way { exact, floats, bytes };
  struct Choice {
    Way way;
    std::size_t stage;
  };
  /// How a tile is screened fastest; `floor` is that of the product which the byte screen bounds.
  Choice choose(const Tile& tile, double floor, double max_width) const;

  const ByteScreen& bytes() const { return *bytes_; }
  FloatProduct floats(const Tile& tile, Workspace& workspace) const {
    return multiply_normalised({left_, norms_.data()}, {right_, right_norms()}, tile, workspace);
  }

 private:
  const double* right_norms() const { return norms_.data() + (one_set_ ? 0 : num_left()); }

  View<const float, 2> left_;
  View<const float, 2> right_;
  bool one_set_;
  Array<double, 1> norms_;  // of the left rows and then, of two sets, of the right rows
  std::optional<QuantisedRows> left_bytes_;
  std::optional<QuantisedRows> right_bytes_;  // of two sets
  std::optional<ByteScreen> bytes_;           // none beyond kMaxProductDepth
};

}  // namespace simile
