// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "train/simd/row_kernels.hpp"

#include "simile/core/array.hpp"
#include "simile/core/context.hpp"

namespace simile {

/// Rows that go through the cache together, from multiplying to the gradient.
inline constexpr std::int64_t kRowBlock = 64;

/// Labelled vectors as linear models are fitted to them: each of unit length (a zero vector stays zero), then a one,
/// whose weight is the bias, then zeros up to the stride.
struct TrainingRows {
  Array<float, 2> values;  ///< [n, stride]
  std::int64_t dimensions = 0;

  std::int64_t count() const { return values.shape(0); }
  std::int64_t stride() const { return values.shape(1); }
  FloatBlock block(std::int64_t begin, std::int64_t count) const {
    return {values.data() + begin * stride(), count, stride()};
  }
};

/// Floats from one row to the next: an odd number of cache lines, so that rows do not fall onto the same sets.
std::int64_t row_stride(std::int64_t dimensions);

/// The vectors `items` of `vectors` [m, d]. Throws model naming the item whose values are not all finite.
TrainingRows training_rows(View<const float, 2> vectors, std::span<const std::int64_t> items, const Context& context);

}  // namespace simile
