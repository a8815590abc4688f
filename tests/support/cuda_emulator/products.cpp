// SPDX-License-Identifier: Apache-2.0
#include "products.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

namespace simile::emulator {
namespace {

constexpr std::size_t kGroup = 16;

/// Toward zero, which is what the device does when it stores a sum that has more bits than a float.
float truncated(double x) {
  const auto rounded = static_cast<float>(x);
  return std::fabs(static_cast<double>(rounded)) > std::fabs(x) ? std::nextafter(rounded, 0.0f) : rounded;
}

/// The accumulator and up to 16 exact products, all truncated to multiples of 2^-23 of the largest one's power of two,
/// then added exactly.
float add_group(float accumulator, const std::array<float, kGroup>& products) {
  auto largest = std::bit_cast<std::int32_t>(std::fabs(accumulator));
  for (const float p : products) largest = std::max(largest, std::bit_cast<std::int32_t>(p) & 0x7fffffff);
  const std::int32_t exponent = largest >> 23;
  if (exponent == 255) {  // infinity or NaN
    for (const float p : products) accumulator += p;
    return accumulator;
  }
  if (exponent == 0) return accumulator;  // products of halves are zero or normal
  const double scale = std::bit_cast<double>(static_cast<std::int64_t>(1023 + 127 + 23 - exponent) << 52);
  std::int32_t sum = static_cast<std::int32_t>(accumulator * scale);
  for (const float p : products) sum += static_cast<std::int32_t>(p * scale);
  return truncated(sum / scale);
}

template <class T>
T interleaved(const T* a, const T* b, std::int64_t k) {
  std::array<T, 8> sums{};
  std::int64_t i = 0;
  for (; i + 8 <= k; i += 8) {
    for (std::size_t j = 0; j < 8; ++j)
      sums[j] += a[i + static_cast<std::int64_t>(j)] * b[i + static_cast<std::int64_t>(j)];
  }
  for (std::size_t j = 0; i < k; ++i, ++j) sums[j] += a[i] * b[i];
  return ((sums[7] + sums[3]) + (sums[5] + sums[1])) + ((sums[6] + sums[2]) + (sums[4] + sums[0]));
}

}  // namespace

float product_of_halves(const float* a, const float* b, std::int64_t k) {
  float sum = 0;
  for (std::int64_t first = 0; first < k; first += kGroup) {
    std::array<float, kGroup> products{};
    const auto count = static_cast<std::size_t>(std::min<std::int64_t>(kGroup, k - first));
    for (std::size_t i = 0; i < count; ++i)
      products[i] = a[first + static_cast<std::int64_t>(i)] * b[first + static_cast<std::int64_t>(i)];
    sum = add_group(sum, products);
  }
  return sum;
}

float product(const float* a, const float* b, std::int64_t k) { return interleaved(a, b, k); }
double product(const double* a, const double* b, std::int64_t k) { return interleaved(a, b, k); }

std::int32_t product(const std::int8_t* a, const std::int8_t* b, std::int64_t k) {
  std::uint32_t sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += static_cast<std::uint32_t>(a[i] * b[i]);
  return static_cast<std::int32_t>(sum);
}

}  // namespace simile::emulator
