// SPDX-License-Identifier: Apache-2.0
#include "train/torch/image_batches.hpp"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/TensorIndexing.h>

#include "model/network/tensor_view.hpp"

namespace simile {
namespace {

constexpr std::int64_t kShiftShare = 16;
constexpr double kMaxByte = 255;

/// A copy on the host.
at::Tensor host_indices(const std::vector<std::int64_t>& values, at::IntArrayRef shape) {
  return at::tensor(values, at::kLong).view(shape);
}

/// Where each of `side` places of an image takes its value from: one row an image, [images, side].
void add_places(std::int64_t side, std::int64_t shift, bool mirrored, std::vector<std::int64_t>& places) {
  for (std::int64_t place = 0; place < side; ++place) {
    const std::int64_t from = std::clamp<std::int64_t>(place + shift, 0, side - 1);
    places.push_back(mirrored ? side - 1 - from : from);
  }
}

std::int64_t draw_shift(std::int64_t side, Random& random) {
  const std::int64_t most = side / kShiftShare;
  return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * most + 1))) - most;
}

}  // namespace

ImageBatches::ImageBatches(View<const std::uint8_t, 4> images, const at::Device& device)
    : device_(device), images_(to_tensor(images)) {
  if (device_.is_cpu()) return;
  try {
    images_ = images_.to(device_);
  } catch (const c10::OutOfMemoryError&) {  // batches go there one by one
  }
}

at::Tensor ImageBatches::to_values(const at::Tensor& bytes) const {
  return bytes.to(device_).permute({0, 3, 1, 2}).to(at::kFloat).div_(kMaxByte);
}

at::Tensor ImageBatches::take(std::span<const std::int64_t> rows) const {
  const at::Tensor indices = to_tensor(View<const std::int64_t, 1>(rows.data(), {std::ssize(rows)}));
  return to_values(images_.index_select(0, indices.to(images_.device())));
}

at::Tensor ImageBatches::take_varied(std::span<const std::int64_t> rows, Random& random) const {
  const std::int64_t height = images_.size(1);
  const std::int64_t width = images_.size(2);
  std::vector<std::int64_t> ys;
  std::vector<std::int64_t> xs;
  for (std::size_t image = 0; image < rows.size(); ++image) {
    const bool mirrored = random.below(2) == 1;
    add_places(height, draw_shift(height, random), false, ys);
    add_places(width, draw_shift(width, random), mirrored, xs);
  }
  const std::int64_t count = std::ssize(rows);
  const auto device = images_.device();
  const at::Tensor items = host_indices({rows.begin(), rows.end()}, {count, 1, 1}).to(device);
  return to_values(at::index(images_, {items, host_indices(ys, {count, height, 1}).to(device),
                                       host_indices(xs, {count, 1, width}).to(device)}));
}

}  // namespace simile
