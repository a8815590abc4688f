// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/context.hpp"
#include "simile/image/catalogue.hpp"
#include "simile/image/decode.hpp"

namespace simile {

/// Images to read: files of a catalogue, or the rows of an array [n, height, width, channels] with 1 or 3 channels.
struct ImageSet {
  Catalogue catalogue;
  Array<std::uint8_t, 4> pixels;  ///< empty where the images are files

  bool in_memory() const { return pixels.data() != nullptr; }
};

/// One decoded image: a view that is valid during the visit. RGB [h, w, 3] or grey [h, w, 1].
using ImageVisitor = std::function<void(int worker, std::int64_t item, View<const std::uint8_t, 3> image)>;

/// What reading an image file takes of the limits.
struct ReadCost {
  std::int64_t pixels = 0;  ///< of --max-pixels
  std::int64_t bytes = 0;   ///< of --memory, at most at any time
};

/// Decodes every item once, in parallel, and gives each to `visit`. What is held at one time stays within
/// context.memory_bytes: large images wait for each other, and one that alone exceeds the budget is a per-item error
/// naming --memory. An item that cannot be read or decoded, or for which `visit` throws Error(decode) or
/// Error(invalid_argument), becomes an entry of the result, ascending by item; every other exception ends the run.
/// Advances `progress` by one an item.
std::vector<ItemError> for_each_image(const ImageSet& set, const DecodeOptions& options, const Context& context,
                                      const ImageVisitor& visit);
/// The same for some of the items, in any order. `costs`, one an item of the set, are filled in for files before they
/// are visited.
std::vector<ItemError> for_each_image(const ImageSet& set, const std::vector<std::int64_t>& items,
                                      const DecodeOptions& options, const Context& context, const ImageVisitor& visit,
                                      std::vector<ReadCost>* costs = nullptr);

/// Width and height of every image as shown, from its header alone; none where the file cannot be read, has no header
/// that is understood, or exceeds the limits.
std::vector<std::optional<PixelSize>> image_sizes(const ImageSet& set, const DecodeLimits& limits,
                                                  const Context& context);

}  // namespace simile
