// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Inputs for tests: the same for one seed on every machine. Grey images are [height, width].

Array<std::uint8_t, 2> constant_image(std::int64_t height, std::int64_t width, std::uint8_t level);
/// From 0 at the upper left corner to 255 at the lower right.
Array<std::uint8_t, 2> gradient_image(std::int64_t height, std::int64_t width);
/// Every pixel uniform in [low, high].
Array<std::uint8_t, 2> noise_image(std::int64_t height, std::int64_t width, std::uint64_t seed, std::uint8_t low = 0,
                                   std::uint8_t high = 255);
/// Smooth shapes with finer ones on top, each octave half as strong, as in photos.
Array<std::uint8_t, 2> natural_image(std::int64_t height, std::int64_t width, std::uint64_t seed);
/// `image` with every pixel moved by at most `max_change` levels.
Array<std::uint8_t, 2> near_duplicate(View<const std::uint8_t, 2> image, int max_change, std::uint64_t seed);
/// Images of one size as [n, height, width].
Array<std::uint8_t, 3> stack(std::span<const Array<std::uint8_t, 2>> images);

/// Rows of length 1, [num_rows, dimensions], in `num_clusters` directions by turns: row k lies near direction
/// k % num_clusters, `spread` away from it before it is normalised (0 = copies of the direction).
Array<float, 2> clustered_unit_vectors(std::int64_t num_rows, std::int64_t dimensions, std::int64_t num_clusters,
                                       double spread, std::uint64_t seed);

}  // namespace simile
