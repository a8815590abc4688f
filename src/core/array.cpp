// SPDX-License-Identifier: Apache-2.0
#include "simile/core/array.hpp"

#include <cstdlib>
#include <cstring>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {

std::string to_string(const Device& device) {
  return device.kind == Device::Kind::cpu ? "cpu" : concat("cuda:", device.index);
}

namespace detail {

std::int64_t checked_product(const std::int64_t* extents, int count) {
  // Strides are products of some of the extents: they must fit also where an empty axis makes the whole product 0.
  std::int64_t product = 1;
  bool empty = false;
  for (int axis = 0; axis < count; ++axis) {
    empty = empty || extents[axis] == 0;
    if (extents[axis] < 0 || __builtin_mul_overflow(product, extents[axis] == 0 ? 1 : extents[axis], &product)) {
      throw Error(ErrorCode::invalid_argument, concat("array extent ", extents[axis], " is negative or too large"));
    }
  }
  return empty ? 0 : product;
}

void* allocate_aligned(std::int64_t count, std::size_t element_bytes) {
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(count, static_cast<std::int64_t>(element_bytes), &bytes) || bytes > (1LL << 62)) {
    throw Error(ErrorCode::invalid_argument, concat("an array of ", count, " elements is too large"));
  }
  const std::size_t rounded = (static_cast<std::size_t>(bytes) + kHostAlignment - 1) / kHostAlignment * kHostAlignment;
  void* memory = std::aligned_alloc(kHostAlignment, rounded == 0 ? kHostAlignment : rounded);
  if (memory == nullptr) {
    throw Error(ErrorCode::out_of_memory, concat("cannot allocate ", format_bytes(bytes)));
  }
  std::memset(memory, 0, rounded);
  return memory;
}

void free_aligned(void* memory) noexcept { std::free(memory); }

void throw_other_size() { throw Error(ErrorCode::invalid_argument, "an array cannot take a shape of another size"); }

}  // namespace detail
}  // namespace simile
