// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "train/simd/row_kernels.hpp"

#include "simile/core/context.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Rows that go through the cache together, from multiplying to the gradient.
inline constexpr std::int64_t kRowBlock = 64;

/// Rows of floats that are anything at first, aligned to cache lines: an Array is zeroed by one thread, and the first
/// touch of memory costs more than what is copied into it.
class RowStorage {
 public:
  RowStorage() = default;
  /// Throws out_of_memory.
  RowStorage(std::int64_t count, std::int64_t stride);

  float* data() { return memory_.get(); }
  const float* data() const { return memory_.get(); }
  View<const float, 2> view() const { return {data(), {count_, stride_}}; }
  std::int64_t count() const { return count_; }
  std::int64_t stride() const { return stride_; }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::unique_ptr<float, Free> memory_;
  std::int64_t count_ = 0;
  std::int64_t stride_ = 0;
};

/// Labelled vectors as linear models are fitted to them: each of unit length (a zero vector stays zero), then a one,
/// whose weight is the bias, then zeros up to the stride.
struct TrainingRows {
  RowStorage values;  ///< [n, stride]
  std::int64_t dimensions = 0;

  std::int64_t count() const { return values.count(); }
  std::int64_t stride() const { return values.stride(); }
  FloatBlock block(std::int64_t begin, std::int64_t count) const {
    return {values.data() + begin * stride(), count, stride()};
  }
};

/// Floats from one row to the next: an odd number of cache lines, so that rows do not fall onto the same sets.
std::int64_t row_stride(std::int64_t dimensions);

/// The vectors `items` of `vectors` [m, d]. Throws model naming the item whose values are not all finite.
TrainingRows training_rows(View<const float, 2> vectors, std::span<const std::int64_t> items, const Context& context);

}  // namespace simile
