// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/array.hpp"

namespace simile {

// Items for kernels to compare, the same on every machine; one in four, or one in ten groups, is alike to others.

/// Rows of length 1 in groups of about ten, within which cosines lie around .93.
Array<float, 2> bench_vectors(std::int64_t num_items, std::int64_t dimensions);
/// Natural images [n, side, side], one in four a near copy of the one before.
Array<std::uint8_t, 3> bench_images(std::int64_t num_items, std::int64_t side_px);
/// Groups of ten noisy copies of a smooth colour image [n, side, side, 3].
Array<std::uint8_t, 4> bench_colour_images(std::int64_t num_items, std::int64_t side_px);
/// Random codes [n, bits / 8], one in four the one before with two bits changed.
Array<std::uint8_t, 2> bench_codes(std::int64_t num_items, std::int64_t bits);

inline constexpr std::int64_t kSignatureLength = 128;
/// Random signatures, one in four the one before with a quarter of its minima changed.
Array<std::uint32_t, 2> bench_signatures(std::int64_t num_items);

inline constexpr std::int64_t kDescriptorBytes = 32;
/// Random descriptors of images that have so many each; every fourth image has those of the one before with a few bits
/// changed.
struct BenchDescriptors {
  Array<std::uint8_t, 2> rows;
  std::vector<std::int64_t> offsets;
};
BenchDescriptors bench_descriptors(std::int64_t num_items, std::int64_t num_descriptors);

}  // namespace simile
