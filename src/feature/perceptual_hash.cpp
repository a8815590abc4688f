// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/perceptual_hash.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "feature/fixed_trigonometry.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

/// Side of the image that phash transforms, in multiples of the hash size.
constexpr std::int64_t kHighFrequencyFactor = 4;

/// Packs bit(k) for k in [0, num_bits), most significant bit first.
template <class Bit>
std::vector<std::uint8_t> pack_bits(std::int64_t num_bits, Bit bit) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>((num_bits + 7) / 8));
  for (std::int64_t k = 0; k < num_bits; ++k) {
    if (bit(k)) bytes[static_cast<std::size_t>(k / 8)] |= static_cast<std::uint8_t>(0x80 >> (k % 8));
  }
  return bytes;
}

std::vector<std::uint8_t> average_hash(View<const std::uint8_t, 2> grey, std::int64_t hash_size) {
  const auto pixels = lanczos_resize(grey, hash_size, hash_size);
  const auto sum = std::accumulate(pixels.data(), pixels.data() + pixels.size(), std::int64_t{0});
  return pack_bits(pixels.size(), [&](std::int64_t k) { return pixels.data()[k] * pixels.size() > sum; });
}

std::vector<std::uint8_t> difference_hash(View<const std::uint8_t, 2> grey, std::int64_t hash_size) {
  const auto pixels = lanczos_resize(grey, hash_size + 1, hash_size);
  return pack_bits(hash_size * hash_size, [&](std::int64_t k) {
    const auto* left = pixels.data() + k + k / hash_size;  // rows of pixels are one longer than rows of bits
    return left[1] > left[0];
  });
}

/// cos(pi (2 j + 1) k / (2 size)), the basis of the DCT-II, as [j, k] for k < num_frequencies.
Array<double, 2> cosine_basis(std::int64_t size, std::int64_t num_frequencies) {
  std::vector<double> quarter_wave(static_cast<std::size_t>(size) + 1);  // cos(pi m / (2 size)), m <= size
  for (std::int64_t m = 0; m <= size; ++m) {
    quarter_wave[static_cast<std::size_t>(m)] = sin_pi(static_cast<double>(size - m) / static_cast<double>(2 * size));
  }
  Array<double, 2> basis({size, num_frequencies});
  for (std::int64_t j = 0; j < size; ++j) {
    for (std::int64_t k = 0; k < num_frequencies; ++k) {
      auto m = (2 * j + 1) * k % (4 * size);
      if (m > 2 * size) m = 4 * size - m;
      const bool negative = m > size;
      const double value = quarter_wave[static_cast<std::size_t>(negative ? 2 * size - m : m)];
      basis.view()(j, k) = negative ? -value : value;
    }
  }
  return basis;
}

/// The lowest frequencies of the DCT-II of every column of `values` [size, n], transposed: [n, num_frequencies]. The
/// sums run over the rows in order, one product at a time. Frequencies above 0 are taken of the differences from the
/// first row, which they cannot see: what is constant gives exactly 0 rather than rounding noise that would set bits at
/// random.
Array<double, 2> transform_columns(const Array<double, 2>& values, const Array<double, 2>& basis) {
  const auto size = values.shape(0);
  const auto num_columns = values.shape(1);
  const auto num_frequencies = basis.shape(1);
  Array<double, 2> result({num_columns, num_frequencies});
  for (std::int64_t j = 0; j < size; ++j) {
    const auto* cosines = basis.data() + j * num_frequencies;
    for (std::int64_t x = 0; x < num_columns; ++x) {
      const double value = values.data()[j * num_columns + x];
      const double difference = value - values.data()[x];
      auto* sums = result.data() + x * num_frequencies;
      sums[0] += value;
      for (std::int64_t k = 1; k < num_frequencies; ++k) sums[k] += difference * cosines[k];
    }
  }
  return result;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

std::vector<std::uint8_t> frequency_hash(View<const std::uint8_t, 2> grey, std::int64_t hash_size) {
  const auto side = kHighFrequencyFactor * hash_size;
  const auto pixels = lanczos_resize(grey, side, side);
  Array<double, 2> values({side, side});
  std::copy(pixels.data(), pixels.data() + pixels.size(), values.data());
  const auto basis = cosine_basis(side, hash_size);
  const auto vertical = transform_columns(values, basis);       // [x, vertical frequency]
  const auto frequencies = transform_columns(vertical, basis);  // [vertical frequency, horizontal frequency]
  const auto* coefficients = frequencies.data();
  const double middle = median({coefficients, coefficients + frequencies.size()});
  return pack_bits(frequencies.size(), [&](std::int64_t k) { return coefficients[k] > middle; });
}

}  // namespace

std::string_view to_string(HashKind kind) {
  switch (kind) {
    case HashKind::ahash:
      return "ahash";
    case HashKind::dhash:
      return "dhash";
    case HashKind::phash:
      return "phash";
  }
  throw Error(ErrorCode::internal, "unknown kind of hash");
}

std::int64_t hash_bits(int hash_size) { return std::int64_t{hash_size} * hash_size; }

std::int64_t hash_bytes(int hash_size) { return (hash_bits(hash_size) + 7) / 8; }

std::vector<std::uint8_t> perceptual_hash(View<const std::uint8_t, 2> grey, HashKind kind, int hash_size) {
  if (hash_size < kMinHashSize || hash_size > kMaxHashSize) {
    throw Error(ErrorCode::invalid_argument,
                concat("hash size ", hash_size, " is not allowed: it must be ", kMinHashSize, " to ", kMaxHashSize));
  }
  if (grey.size() <= 0) {
    throw Error(ErrorCode::invalid_argument,
                concat("cannot hash an empty image (", grey.shape[1], " x ", grey.shape[0], " pixels)"));
  }
  switch (kind) {
    case HashKind::ahash:
      return average_hash(grey, hash_size);
    case HashKind::dhash:
      return difference_hash(grey, hash_size);
    case HashKind::phash:
      return frequency_hash(grey, hash_size);
  }
  throw Error(ErrorCode::internal, "unknown kind of hash");
}

}  // namespace simile
