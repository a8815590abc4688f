// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace simile {

struct Padding {
  std::int64_t before = 0, after = 0;
  bool even() const { return before == after; }
};

/// Zeros around `size` values so that a convolution gives ceil(size / stride): TensorFlow's "same".
inline Padding same_padding(std::int64_t size, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t outputs = (size + stride - 1) / stride;
  const std::int64_t zeros = std::max<std::int64_t>((outputs - 1) * stride + kernel - size, 0);
  return {zeros / 2, zeros - zeros / 2};
}

}  // namespace simile
