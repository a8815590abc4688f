// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/image/decode.hpp"

namespace simile {

/// Grey levels of an RGB image [height, width, 3] -> [height, width], as OpenCV's COLOR_RGB2GRAY, of the
/// same size. Rows must be contiguous. Throws internal for another number of channels.
Array<std::uint8_t, 2> to_grey(View<const std::uint8_t, 3> rgb);

/// Stretches [height, width, channels] (1 or 3) to `size`: area average (OpenCV INTER_AREA) when it shrinks in both
/// directions, else bilinear (INTER_LINEAR); equal sizes are copied. Rows must be
/// contiguous. The same bytes on every run. Throws invalid_argument when a side of either is less than 1.
Array<std::uint8_t, 3> resize(View<const std::uint8_t, 3> image, PixelSize size);
/// The same for grey images [height, width].
Array<std::uint8_t, 2> resize(View<const std::uint8_t, 2> image, PixelSize size);

/// A JPEG file (4:2:0) of an RGB image [height, width, 3] with contiguous rows, for thumbnails. Throws invalid_argument
/// unless `quality` is 1 to 100.
std::vector<std::uint8_t> encode_jpeg(View<const std::uint8_t, 3> rgb, int quality);

}  // namespace simile
