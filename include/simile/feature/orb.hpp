// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/view.hpp"

namespace simile {

inline constexpr std::int64_t kOrbFeatures = 500;  ///< that are asked for; ties of the weakest are kept besides
inline constexpr std::int64_t kOrbDescriptorBytes = 32;

/// ORB descriptors of a grey image [height, width] (Rublee et al., ICCV 2011; OpenCV's ORB with its defaults and
/// kOrbFeatures), one after the other in OpenCV's order; none where there is no keypoint: constant images, and all
/// below 63 pixels a side. Deterministic; may be called by several threads at once.
std::vector<std::uint8_t> orb_descriptors(View<const std::uint8_t, 2> grey);

}  // namespace simile
