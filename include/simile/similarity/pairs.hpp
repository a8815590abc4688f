// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace simile {

/// Two items by index: `left` on a metric's left side, `right` on its right side.
struct IndexPair {
  std::int64_t left = 0;
  std::int64_t right = 0;
  friend bool operator==(const IndexPair&, const IndexPair&) = default;
};

/// Which pairs are compared: the upper triangle of one set (i < j), the rectangle of two sets (queries against a base,
/// items against centroids), or a list. `one_set` tells a sink whether left and right indices name the same items.
class Pairs {
 public:
  enum class Shape : unsigned char { triangle, rectangle, list };

  /// All i < j < num_items.
  static Pairs triangle(std::int64_t num_items);
  /// All (i, j), i < num_left, j < num_right.
  static Pairs rectangle(std::int64_t num_left, std::int64_t num_right);
  /// The given pairs of one set's items. The list outlives the result. Throws invalid_argument for an index out of
  /// range.
  static Pairs list(std::span<const IndexPair> pairs, std::int64_t num_items);
  /// The given pairs of two sets.
  static Pairs list(std::span<const IndexPair> pairs, std::int64_t num_left, std::int64_t num_right);

  Shape shape() const { return shape_; }
  bool one_set() const { return one_set_; }
  std::int64_t num_left() const { return num_left_; }
  std::int64_t num_right() const { return num_right_; }
  std::span<const IndexPair> list() const { return list_; }
  /// How many pairs there are.
  std::int64_t count() const;

  /// How many different items there are, and the number of a right item among them: one set keeps its indices, of two
  /// sets the right one follows the left one.
  std::int64_t num_nodes() const { return one_set_ ? num_left_ : num_left_ + num_right_; }
  std::int64_t right_node(std::int64_t right) const { return one_set_ ? right : num_left_ + right; }

 private:
  Pairs(Shape shape, bool one_set, std::int64_t num_left, std::int64_t num_right, std::span<const IndexPair> list);

  Shape shape_;
  bool one_set_;
  std::int64_t num_left_;
  std::int64_t num_right_;
  std::span<const IndexPair> list_;
};

}  // namespace simile
