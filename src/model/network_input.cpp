// SPDX-License-Identifier: Apache-2.0
#include "simile/model/network_input.hpp"

#include <algorithm>

#include "simile/image/resize.hpp"

namespace simile {
namespace {

/// The middle of an image, at most that large.
View<const std::uint8_t, 3> middle(View<const std::uint8_t, 3> image, std::int64_t height, std::int64_t width) {
  height = std::min(height, image.shape[0]);
  width = std::min(width, image.shape[1]);
  image.data += (image.shape[0] - height) / 2 * image.stride[0] + (image.shape[1] - width) / 2 * image.stride[1];
  image.shape[0] = height;
  image.shape[1] = width;
  return image;
}

/// The size at which the shorter side is `shorter`, as torchvision rounds it.
PixelSize with_shorter_side(std::int64_t width, std::int64_t height, std::int64_t shorter) {
  const std::int64_t least = std::min(width, height);
  return {width == least ? shorter : shorter * width / least, height == least ? shorter : shorter * height / least};
}

}  // namespace

std::vector<std::uint8_t> network_input(const ModelCard& card, View<const std::uint8_t, 3> image) {
  Array<std::uint8_t, 3> resized;
  if (card.fit == InputFit::crop) {
    const std::int64_t longest = kMaxInputAspect * std::min(image.shape[0], image.shape[1]);
    const auto part = middle(image, longest, longest);
    resized = resize(part, with_shorter_side(part.shape[1], part.shape[0], card.shorter_side_px));
  } else {
    resized = resize(image, {card.width_px, card.height_px});
  }
  const Array<std::uint8_t, 3>& whole = resized;
  const auto seen = middle(whole.view(), card.height_px, card.width_px);
  std::vector<std::uint8_t> input;
  input.reserve(static_cast<std::size_t>(card.height_px * card.width_px * 3));
  const std::int64_t repeats = 3 / seen.shape[2];  // grey levels become three equal channels
  for (std::int64_t y = 0; y < seen.shape[0]; ++y) {
    const std::uint8_t* const row = seen.data + y * seen.stride[0];
    for (std::int64_t k = 0; k < seen.shape[1] * seen.shape[2]; ++k) {
      input.insert(input.end(), static_cast<std::size_t>(repeats), row[k]);
    }
  }
  return input;
}

PixelSize resized_for_network(const ModelCard& card) {
  if (card.fit == InputFit::crop) return {card.shorter_side_px, card.shorter_side_px};
  return {card.width_px, card.height_px};
}

}  // namespace simile
