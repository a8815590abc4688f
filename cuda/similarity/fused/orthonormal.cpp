// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/fused/orthonormal.hpp"

#include <cmath>

namespace simile::cuda {
namespace {

/// What is left of a vector that depends on others is noise of their rounding, far below this.
constexpr double kDependent = 1e-9;

double product(const double* x, const double* y, std::int64_t length) {
  double sums[8] = {};  // so many as processors add at a time
  std::int64_t k = 0;
  for (; k + 8 <= length; k += 8) {
    for (std::int64_t i = 0; i < 8; ++i) sums[i] += x[k + i] * y[k + i];
  }
  for (; k < length; ++k) sums[0] += x[k] * y[k];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

}  // namespace

void orthonormalise(std::span<double> vectors, std::int64_t length) {
  const auto count = std::ssize(vectors) / length;
  for (std::int64_t j = 0; j < count; ++j) {
    double* const vector = vectors.data() + j * length;
    const double before = std::sqrt(product(vector, vector, length));
    for (int pass = 0; pass < 2; ++pass) {
      for (std::int64_t i = 0; i < j; ++i) {
        const double* const other = vectors.data() + i * length;
        const double along = product(vector, other, length);
        for (std::int64_t k = 0; k < length; ++k) vector[k] -= along * other[k];
      }
    }
    const double left = std::sqrt(product(vector, vector, length));
    const double scale = left > kDependent * before ? 1 / left : 0;
    for (std::int64_t k = 0; k < length; ++k) vector[k] *= scale;
  }
}

double deviation(std::span<const double> vectors, std::int64_t length) {
  const auto count = std::ssize(vectors) / length;
  double squares = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const double* const vector = vectors.data() + j * length;
    const double own = product(vector, vector, length);
    if (own == 0) continue;
    squares += (own - 1) * (own - 1);
    for (std::int64_t i = 0; i < j; ++i) {
      const double along = product(vector, vectors.data() + i * length, length);
      squares += 2 * along * along;
    }
  }
  return std::sqrt(squares);
}

}  // namespace simile::cuda
