// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "simile/core/random.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Images of a training, kept as bytes: on the device where they fit, else on the host.
class ImageBatches {
 public:
  /// [n, height, width, 3], contiguous, which outlive this where they stay on the host.
  ImageBatches(View<const std::uint8_t, 4> images, const at::Device& device);

  /// Values 0 to 1, [rows, 3, height, width], channels last.
  at::Tensor take(std::span<const std::int64_t> rows) const;
  /// The same, each image mirrored or not and shifted by up to a sixteenth of its sides, edges repeated.
  at::Tensor take_varied(std::span<const std::int64_t> rows, Random& random) const;

 private:
  at::Tensor to_values(const at::Tensor& bytes) const;

  at::Device device_;
  at::Tensor images_;
};

}  // namespace simile
