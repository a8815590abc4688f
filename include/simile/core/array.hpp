// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "simile/core/view.hpp"

namespace simile {

/// Bytes to which host arrays are aligned: one cache line, the widest SIMD register.
inline constexpr std::size_t kHostAlignment = 64;

namespace detail {
/// Throws Error(out_of_memory) naming the size when the machine has not got it.
void* allocate_aligned(std::int64_t count, std::size_t element_bytes);
void free_aligned(void* memory) noexcept;
/// Throws invalid_argument: the shapes do not hold the same elements.
[[noreturn]] void throw_other_size();
}  // namespace detail

/// Owns a row-major array on the host, aligned to kHostAlignment; elements start as zero bytes. Move-only.
/// Throws out_of_memory when it cannot be had, invalid_argument when an extent is negative or the size overflows.
template <class T, int Rank>
class Array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using Shape = std::array<std::int64_t, Rank>;

  Array() = default;
  explicit Array(const Shape& shape) : shape_(shape) {
    data_ = static_cast<T*>(detail::allocate_aligned(checked_size(shape), sizeof(T)));
  }
  /// Takes over an array of as many elements, in another shape. Throws invalid_argument when they are not as many.
  template <int OtherRank>
  Array(Array<T, OtherRank>&& other, const Shape& shape) : shape_(shape) {
    if (checked_size(shape) != other.size()) detail::throw_other_size();
    data_ = other.release();
  }
  Array(Array&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), shape_(std::exchange(other.shape_, Shape{})) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(shape_, other.shape_);
    return *this;
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { detail::free_aligned(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  const Shape& shape() const { return shape_; }
  std::int64_t shape(int axis) const { return shape_[static_cast<std::size_t>(axis)]; }
  std::int64_t size() const { return view().size(); }
  std::int64_t size_bytes() const { return size() * static_cast<std::int64_t>(sizeof(T)); }

  View<T, Rank> view() { return {data_, shape_}; }
  View<const T, Rank> view() const { return {data_, shape_}; }

  /// Keeps the first `rows` of the first axis; what lies behind them stays allocated.
  void truncate(std::int64_t rows) {
    if (rows < 0 || rows > shape_[0]) detail::throw_other_size();
    shape_[0] = rows;
  }

  /// Gives the memory away; the array is empty then.
  T* release() {
    shape_ = Shape{};
    return std::exchange(data_, nullptr);
  }

  Array clone() const {
    Array copy(shape_);
    for (std::int64_t k = 0; k < size(); ++k) copy.data_[k] = data_[k];
    return copy;
  }

 private:
  static std::int64_t checked_size(const Shape& shape);

  T* data_ = nullptr;
  Shape shape_{};
};

namespace detail {
/// Product of the extents; throws invalid_argument when one is negative or the product overflows.
std::int64_t checked_product(const std::int64_t* extents, int count);
}  // namespace detail

template <class T, int Rank>
std::int64_t Array<T, Rank>::checked_size(const Shape& shape) {
  return detail::checked_product(shape.data(), Rank);
}

}  // namespace simile
