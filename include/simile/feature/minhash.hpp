// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Which places of an image are alike: the cells that hold its strongest corners, and signatures that estimate the
/// Jaccard index of two sets of cells (docs/definitions.md). Everything is exact integers, the same on every machine.
inline constexpr std::int64_t kMinhashCorners = 100;       ///< strongest corners of an image that count
inline constexpr std::int64_t kMinhashCellPx = 4;          ///< side of a cell
inline constexpr std::int64_t kMinhashPermutations = 128;  ///< minima in a signature
inline constexpr std::uint32_t kNoMinimum = 0xffff'ffff;   ///< every minimum of an empty set, and of no other

/// Harris response of a grey image [height, width]: block 2, aperture 3, k = 1/25, borders reflected without the edge
/// (OpenCV's cornerHarris with its default border), times 25 (4 * 2 * 255)^4, so that it is a whole number:
/// 25 (A C - B^2) - (A + C)^2 with the sums A, B, C of gx gx, gx gy, gy gy over the block.
Array<std::int64_t, 2> harris_response(View<const std::uint8_t, 2> grey);

/// Indices (row-major) of the strongest pixels with a response above 0: at most `count`, by descending response, then
/// index.
std::vector<std::int64_t> strongest_corners(View<const std::int64_t, 2> response, std::int64_t count);

/// The cells, numbered row by row, that hold a grey image's kMinhashCorners strongest corners; ascending.
std::vector<std::uint32_t> corner_cells(View<const std::uint8_t, 2> grey);

/// The smallest value of a set's members under each of kMinhashPermutations fixed permutations of the 32-bit numbers
/// (x -> murmur3's finaliser of a_k x + b_k, a_k odd); kNoMinimum for the empty set alone. Two signatures agree in a
/// share of places whose expectation is the Jaccard index of the sets (Broder, SEQUENCES 1997).
std::vector<std::uint32_t> minhash_signature(std::span<const std::uint32_t> members);

}  // namespace simile
