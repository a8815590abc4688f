// SPDX-License-Identifier: Apache-2.0
#include "train/training_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

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
  rows.values = Array<float, 2>({count, stride});
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
    }
  };
  context.pool.parallel_for((count + kRowBlock - 1) / kRowBlock, context.cancellation, pack);
  return rows;
}

}  // namespace simile
