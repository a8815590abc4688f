// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "simile/core/device.hpp"

namespace simile {

/// A typed window on memory that somebody else owns: pointer, shape, stride (in elements) and device. The only kind of
/// array that crosses the engine's border; cheap to copy. Row-major views are made by the shape constructor.
template <class T, int Rank>
struct View {
  static_assert(Rank >= 1);
  T* data = nullptr;
  std::array<std::int64_t, Rank> shape{};
  std::array<std::int64_t, Rank> stride{};
  Device device{};

  View() = default;
  View(T* data_in, const std::array<std::int64_t, Rank>& shape_in, Device device_in = {})
      : data(data_in), shape(shape_in), device(device_in) {
    std::int64_t step = 1;
    for (int axis = Rank - 1; axis >= 0; --axis) {
      stride[static_cast<std::size_t>(axis)] = step;
      step *= shape[static_cast<std::size_t>(axis)];
    }
  }
  /// A view of constant elements from one of mutable elements.
  template <class U>
    requires(std::is_same_v<T, const U>)
  View(const View<U, Rank>& other)  // NOLINT(google-explicit-constructor): as T* to const T*
      : data(other.data), shape(other.shape), stride(other.stride), device(other.device) {}

  std::int64_t size() const {
    std::int64_t count = 1;
    for (const auto extent : shape) count *= extent;
    return count;
  }
  bool contiguous() const { return stride == View(data, shape, device).stride; }

  template <class... Indices>
    requires(sizeof...(Indices) == static_cast<std::size_t>(Rank))
  T& operator()(Indices... indices) const {
    const std::array<std::int64_t, Rank> position{static_cast<std::int64_t>(indices)...};
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < position.size(); ++axis) offset += position[axis] * stride[axis];
    return data[offset];
  }

  /// The sub-array at `index` of the first axis.
  View<T, Rank - 1> operator[](std::int64_t index) const
    requires(Rank > 1)
  {
    View<T, Rank - 1> part;
    part.data = data + index * stride[0];
    for (std::size_t axis = 1; axis < shape.size(); ++axis) {
      part.shape[axis - 1] = shape[axis];
      part.stride[axis - 1] = stride[axis];
    }
    part.device = device;
    return part;
  }
};

}  // namespace simile
