// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/view.hpp"

namespace simile {

/// Features as docs/definitions.md defines them, as plainly as they can be written, sharing no code with the product.

/// The cells of 4x4 pixels that hold the 100 strongest Harris corners of a grey image, ascending.
std::vector<std::uint32_t> oracle_corner_cells(View<const std::uint8_t, 2> grey);

}  // namespace simile
