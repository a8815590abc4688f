// SPDX-License-Identifier: Apache-2.0
#include "train/training_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <sys/mman.h>

#include "simile/core/array.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

// From here on large pages pay: 30 MB are touched in 7 ms of computing instead of 21.
constexpr std::size_t kLarge = std::size_t{8} << 20;
constexpr std::size_t kPage = 4096;

/// A wish: without it all works as well.
void ask_for_large_pages(void* memory, std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  if (bytes < kLarge) return;
  const std::size_t before = (kPage - reinterpret_cast<std::uintptr_t>(memory) % kPage) % kPage;
  ::madvise(static_cast<char*>(memory) + before, (bytes - before) / kPage * kPage, MADV_HUGEPAGE);
#endif
}

/// Sum of squares, in an order that does not depend on the compiler's vectors.
double squared_norm(const float* values, std::int64_t count) {
  std::array<double, 8> sums{};
  std::int64_t k = 0;
  for (; k + 8 <= count; k += 8) {
    for (std::int64_t lane = 0; lane < 8; ++lane) {
      const double value = values[k + lane];
      sums[static_cast<std::size_t>(lane)] += value * value;
    }
  }
  for (; k < count; ++k) sums[0] += static_cast<double>(values[k]) * values[k];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace

RowStorage::RowStorage(std::int64_t count, std::int64_t stride) : count_(count), stride_(stride) {
  ensure(count >= 0 && stride > 0 && stride % kRowStep == 0, "rows of whole cache lines");
  const auto bytes = static_cast<std::size_t>(count * stride) * sizeof(float);
  memory_.reset(static_cast<float*>(std::aligned_alloc(kHostAlignment, std::max(bytes, kHostAlignment))));
  if (memory_ == nullptr) {
    throw Error(ErrorCode::out_of_memory, concat("cannot allocate ", format_bytes(count * stride * 4)));
  }
  ask_for_large_pages(memory_.get(), bytes);
}

std::int64_t row_stride(std::int64_t dimensions) {
  const std::int64_t lines = (dimensions + 1 + kRowStep - 1) / kRowStep;
  return kRowStep * (lines % 2 == 0 ? lines + 1 : lines);
}

TrainingRows training_rows(View<const float, 2> vectors, std::span<const std::int64_t> items, const Context& context) {
  ensure(vectors.stride[1] == 1, "vectors lie row by row");
  TrainingRows rows;
  rows.dimensions = vectors.shape[1];
  const std::int64_t count = std::ssize(items);
  const std::int64_t stride = row_stride(rows.dimensions);
  rows.values = RowStorage(count, stride);
  const auto pack = [&](int /*worker*/, std::int64_t block) {
    const std::int64_t end = std::min(count, (block + 1) * kRowBlock);
    for (std::int64_t row = block * kRowBlock; row < end; ++row) {
      const std::int64_t item = items[static_cast<std::size_t>(row)];
      const float* const source = vectors.data + item * vectors.stride[0];
      float* const target = rows.values.data() + row * stride;
      const double norm = squared_norm(source, rows.dimensions);
      if (!std::isfinite(norm))
        throw Error(ErrorCode::model, concat("vector ", item, " has a value that is not finite"));
      const auto scale = static_cast<float>(norm > 0 ? 1 / std::sqrt(norm) : 0);
      for (std::int64_t k = 0; k < rows.dimensions; ++k) target[k] = source[k] * scale;
      target[rows.dimensions] = 1;
      std::fill(target + rows.dimensions + 1, target + stride, 0.0F);
    }
  };
  context.pool.parallel_for((count + kRowBlock - 1) / kRowBlock, context.cancellation, pack);
  return rows;
}

}  // namespace simile
