// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "similarity/drawn_images.hpp"
#include "support/random_images.hpp"

#include "simile/core/random.hpp"

namespace simile {

/// Images that press where rounding is worst. Flat areas of two far levels, whatever is taken from them, leave large
/// products and no variance; one level of noise on them makes every product another.
inline Array<std::uint8_t, 3> hard_images(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  std::vector<Array<std::uint8_t, 2>> images;
  Random random(seed);
  for (const int level : {0, 1, 128, 254, 255}) {
    images.push_back(constant_image(height, width, static_cast<std::uint8_t>(level)));
  }
  images.push_back(gradient_image(height, width));
  images.push_back(noise_image(height, width, seed + 1));
  images.push_back(noise_image(height, width, seed + 2, 254, 255));
  images.push_back(noise_image(height, width, seed + 3, 254, 255));
  images.push_back(noise_image(height, width, seed + 4, 0, 1));
  images.push_back(noise_image(height, width, seed + 5, 250, 255));
  images.push_back(natural_image(height, width, seed + 6));
  images.push_back(near_duplicate(images.back().view(), 1, seed + 7));
  images.push_back(near_duplicate(images.back().view(), 20, seed + 8));
  for (const std::int64_t period : {1, 2, 7, 13}) {
    images.push_back(drawn(height, width, [&](auto y, auto x) { return (y / period + x / period) % 2 * 255; }));
    images.push_back(drawn(height, width, [&](auto y, auto x) { return 254 + (y / period + x / period) % 2; }));
  }
  for (const int noise : {0, 1, 4}) {
    const auto grain = [&] { return static_cast<int>(random.below(static_cast<std::uint64_t>(noise) + 1)); };
    images.push_back(drawn(height, width, [&](auto, auto x) { return x < width / 2 ? grain() : 255 - grain(); }));
    images.push_back(drawn(height, width, [&](auto, auto x) { return x < width / 2 ? 255 - grain() : grain(); }));
    images.push_back(drawn(height, width, [&](auto y, auto) { return y < height / 2 ? grain() : 255 - grain(); }));
    images.push_back(drawn(height, width, [&](auto y, auto) { return y < height / 3 ? 77 + grain() : 251 - grain(); }));
  }
  images.push_back(drawn(height, width, [&](auto, auto) { return random.below(2) * 255; }));
  images.push_back(drawn(height, width, [&](auto, auto) { return random.below(20) == 0 ? 0 : 255; }));
  images.push_back(drawn(height, width, [&](auto y, auto x) { return y == 5 && x == 5 ? 0 : 255; }));
  return stack(images);
}

}  // namespace simile
