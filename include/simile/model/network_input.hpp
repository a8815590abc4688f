// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/view.hpp"
#include "simile/image/decode.hpp"
#include "simile/model/model_card.hpp"

namespace simile {

/// An image of more than this times as long as it is wide is cut to that shape around its middle before it is resized
/// for a network that sees the middle anyway: else a line of pixels would become a picture of gigabytes.
inline constexpr std::int64_t kMaxInputAspect = 8;

/// An image [h, w, 1 or 3] as a network wants it: RGB [card.height_px, card.width_px, 3], row-major. With
/// InputFit::crop its shorter side is brought to card.shorter_side_px and the middle is cut out, with
/// InputFit::stretch its shape is not kept. Shrinks by area average, enlarges bilinearly (resize()).
std::vector<std::uint8_t> network_input(const ModelCard& card, View<const std::uint8_t, 3> image);

/// To which least size images are resized on the way.
PixelSize resized_for_network(const ModelCard& card);

}  // namespace simile
