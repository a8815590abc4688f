// SPDX-License-Identifier: Apache-2.0
// Matrix product panel and the exact dot product; included by kernels.inl.

void gemm(const float* a, const float* b, std::int64_t depth, float* c, std::int64_t row_stride) {
  Float sums[kGemmRows][2] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    const Float left = load(b);
    const Float right = load(b + kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < kGemmRows; ++row) {
      const Float value = splat(a[row]);
      sums[row][0] = multiply_add(value, left, sums[row][0]);
      sums[row][1] = multiply_add(value, right, sums[row][1]);
    }
    a += kGemmRows;
    b += 2 * kLanes;
  }
#pragma GCC unroll 16
  for (int row = 0; row < kGemmRows; ++row) {
    float* const out = c + row * row_stride;
    store(out, load(out) + sums[row][0]);
    store(out + kLanes, load(out + kLanes) + sums[row][1]);
  }
}

double dot(const float* x, const float* y, std::int64_t count) {
  double partial[kPartialSums] = {};
  std::int64_t k = 0;
  for (; k + kPartialSums <= count; k += kPartialSums) {
    // Products of floats are exact in double, so fusing would change nothing.
    for (int lane = 0; lane < kPartialSums; ++lane) {
      partial[lane] += static_cast<double>(x[k + lane]) * static_cast<double>(y[k + lane]);
    }
  }
  for (int lane = 0; k < count; ++k, ++lane) partial[lane] += static_cast<double>(x[k]) * static_cast<double>(y[k]);
  return sum_tree(partial);
}

double squared_distance(const float* x, const float* y, std::int64_t count) {
  double partial[kPartialSums] = {};
  const auto square = [&](std::int64_t k) {
    const double difference = static_cast<double>(x[k]) - static_cast<double>(y[k]);
    return difference * difference;
  };
  std::int64_t k = 0;
  for (; k + kPartialSums <= count; k += kPartialSums) {
    for (int lane = 0; lane < kPartialSums; ++lane) partial[lane] += square(k + lane);
  }
  for (int lane = 0; k < count; ++k, ++lane) partial[lane] += square(k);
  return sum_tree(partial);
}
