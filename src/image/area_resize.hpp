// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simile/core/view.hpp"

namespace simile {

/// Area average of `source` [height, width, channels] into the smaller `target`, both with contiguous rows: every pixel
/// of the target is the mean of the rectangle of the source that it covers, pixels on its border by the part inside.
/// Weights and sums are float, along a row first, in ascending order, with nothing fused: the bits of OpenCV's
/// INTER_AREA where neither it nor the compiler fuses, on every machine.
void area_resize(View<const std::uint8_t, 3> source, View<std::uint8_t, 3> target);

}  // namespace simile
