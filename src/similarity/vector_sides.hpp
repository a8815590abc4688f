// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "similarity/byte_screen.hpp"
#include "similarity/float_product.hpp"
#include "similarity/quantised_rows.hpp"

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Both sides of a metric on float vectors, with what its screens keep beside them. Of vectors on a GPU there is only
/// where they lie.
class VectorSides {
 public:
  /// Throws invalid_argument when the sides differ in d or lie on different devices, d is 0, or a value on the host is
  /// NaN or infinite (naming the row). `normalised`: whether the byte screen bounds the cosine or the product of the
  /// rows (QuantisedRows).
  VectorSides(View<const float, 2> left, View<const float, 2> right, bool normalised);
  VectorSides(const VectorSides&) = delete;
  VectorSides& operator=(const VectorSides&) = delete;

  std::int64_t num_left() const { return left_.shape[0]; }
  std::int64_t num_right() const { return right_.shape[0]; }
  std::int64_t dimensions() const { return left_.shape[1]; }
  const Device& device() const { return left_.device; }
  /// Throws invalid_argument when the vectors lie elsewhere: exact() and screens read them here.
  void ensure_on_host() const;
  const float* left(std::int64_t row) const { return left_[row].data; }
  const float* right(std::int64_t row) const { return right_[row].data; }
  /// Squared, by the definition's sums.
  double left_norm(std::int64_t row) const { return norms_.data()[row]; }
  double right_norm(std::int64_t row) const { return right_norms()[row]; }
  bool same_row(std::int64_t left, std::int64_t right) const;

  VectorItems items(VectorItems::Kind kind) const;

  std::int64_t resident_bytes() const;
  Cost cost() const;

  enum class Way { exact, floats, bytes };
  struct Choice {
    Way way;
    std::size_t stage;
  };
  /// How a tile is screened fastest; `floor` is that of the product which the byte screen bounds.
  Choice choose(const Tile& tile, double floor, double max_width) const;

  /// Made when it is first asked for: only where vectors are compared on the host. At most kMaxProductDepth dimensions.
  const ByteScreen& bytes() const;
  FloatProduct floats(const Tile& tile, Workspace& workspace) const {
    return multiply_normalised({left_, norms_.data()}, {right_, right_norms()}, tile, workspace);
  }

 private:
  /// Vectors as bytes, and the screen that refers to them.
  struct Bytes {
    Bytes(const VectorSides& sides, bool normalised);
    QuantisedRows left;
    std::optional<QuantisedRows> right;  // of two sets
    ByteScreen screen;
  };

  const double* right_norms() const { return norms_.data() + (one_set_ ? 0 : num_left()); }
  bool has_bytes() const;

  View<const float, 2> left_;
  View<const float, 2> right_;
  bool one_set_;
  bool normalised_;
  Array<double, 1> norms_;  // of the left rows and then, of two sets, of the right rows
  mutable std::once_flag bytes_once_;
  mutable std::optional<Bytes> bytes_;
};

}  // namespace simile
