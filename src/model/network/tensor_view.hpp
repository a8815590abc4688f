// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include "simile/core/error.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Between tensors and the engine's views, on host and device, without a copy. Who holds a view of a tensor keeps the
/// tensor; who holds a tensor of a view keeps what the view points to.

inline at::Device torch_device(const Device& device) {
  return device.kind == Device::Kind::cuda ? at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device.index))
                                           : at::Device(at::kCPU);
}

inline Device simile_device(const at::Device& device) {
  if (device.is_cuda()) return {Device::Kind::cuda, device.has_index() ? device.index() : 0};
  return {};
}

/// The view's elements as a tensor. Of constant elements, too: LibTorch has no such tensors, so do not write to it.
template <class T, int Rank>
at::Tensor to_tensor(const View<T, Rank>& view) {
  using Element = std::remove_const_t<T>;
  const auto options =
      at::TensorOptions().dtype(c10::CppTypeToScalarType<Element>::value).device(torch_device(view.device));
  return at::from_blob(const_cast<Element*>(view.data), at::IntArrayRef(view.shape.data(), view.shape.size()),
                       at::IntArrayRef(view.stride.data(), view.stride.size()), options);
}

/// The tensor's elements as a view. Throws internal when type or rank are others.
template <class T, int Rank>
View<T, Rank> to_view(const at::Tensor& tensor) {
  ensure(tensor.dim() == Rank, "a tensor of another rank");
  ensure(tensor.scalar_type() == c10::CppTypeToScalarType<std::remove_const_t<T>>::value, "a tensor of another type");
  View<T, Rank> view;
  view.data = static_cast<T*>(tensor.data_ptr());
  for (int axis = 0; axis < Rank; ++axis) {
    view.shape[static_cast<std::size_t>(axis)] = tensor.size(axis);
    view.stride[static_cast<std::size_t>(axis)] = tensor.stride(axis);
  }
  view.device = simile_device(tensor.device());
  return view;
}

}  // namespace simile
