// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/pairs.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxItems = 1LL << 31;  // pairs then fit 64 bits

void check_list(std::span<const IndexPair> pairs, std::int64_t num_left, std::int64_t num_right) {
  for (const auto& [left, right] : pairs) {
    if (left < 0 || left >= num_left || right < 0 || right >= num_right) {
      throw Error(ErrorCode::invalid_argument,
                  concat("pair (", left, ", ", right, ") is outside ", num_left, " x ", num_right, " items"));
    }
  }
}

}  // namespace

Pairs::Pairs(Shape shape, bool one_set, std::int64_t num_left, std::int64_t num_right, std::span<const IndexPair> list)
    : shape_(shape), one_set_(one_set), num_left_(num_left), num_right_(num_right), list_(list) {
  for (const auto count : {num_left, num_right}) {
    if (count < 0 || count > kMaxItems) {
      throw Error(ErrorCode::invalid_argument, concat(count, " items; allowed are 0 to ", kMaxItems));
    }
  }
}

Pairs Pairs::triangle(std::int64_t num_items) { return {Shape::triangle, true, num_items, num_items, {}}; }

Pairs Pairs::rectangle(std::int64_t num_left, std::int64_t num_right) {
  return {Shape::rectangle, false, num_left, num_right, {}};
}

Pairs Pairs::list(std::span<const IndexPair> pairs, std::int64_t num_items) {
  check_list(pairs, num_items, num_items);
  return {Shape::list, true, num_items, num_items, pairs};
}

Pairs Pairs::list(std::span<const IndexPair> pairs, std::int64_t num_left, std::int64_t num_right) {
  check_list(pairs, num_left, num_right);
  return {Shape::list, false, num_left, num_right, pairs};
}

std::int64_t Pairs::count() const {
  switch (shape_) {
    case Shape::triangle:
      return num_left_ * (num_left_ - 1) / 2;
    case Shape::rectangle:
      return num_left_ * num_right_;
    case Shape::list:
      return static_cast<std::int64_t>(list_.size());
  }
  return 0;
}

}  // namespace simile
