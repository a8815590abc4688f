// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "simile/core/array.hpp"

namespace simile {

/// Of the images of a parameterised test.
struct Size {
  std::int64_t height;
  std::int64_t width;
  friend void PrintTo(const Size& size, std::ostream* out) { *out << size.width << 'x' << size.height; }
};

inline std::string size_name(const testing::TestParamInfo<Size>& given) {
  return std::to_string(given.param.width) + "x" + std::to_string(given.param.height);
}

/// Pixels by a rule of place.
template <class Rule>
Array<std::uint8_t, 2> drawn(std::int64_t height, std::int64_t width, Rule&& rule) {
  Array<std::uint8_t, 2> image({height, width});
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) image.view()(y, x) = static_cast<std::uint8_t>(rule(y, x));
  }
  return image;
}

}  // namespace simile
