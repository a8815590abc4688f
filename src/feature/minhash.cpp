// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/minhash.hpp"

#include <algorithm>
#include <array>

#include "simile/core/random.hpp"

namespace simile {
namespace {

/// Index of a pixel at or just beyond a border, mirrored at the border pixel's middle.
std::int64_t reflected(std::int64_t index, std::int64_t extent) {
  if (extent == 1) return 0;
  if (index < 0) return -index;
  return index < extent ? index : 2 * extent - 2 - index;
}

struct Gradient {
  std::int64_t x = 0;
  std::int64_t y = 0;
};

/// Sobel's derivatives, aperture 3: at most 4 x 255 in size.
Array<Gradient, 2> gradients(const View<const std::uint8_t, 2>& grey) {
  const std::int64_t height = grey.shape[0];
  const std::int64_t width = grey.shape[1];
  Array<Gradient, 2> result({height, width});
  for (std::int64_t y = 0; y < height; ++y) {
    const std::uint8_t* const above = grey[reflected(y - 1, height)].data;
    const std::uint8_t* const here = grey[y].data;
    const std::uint8_t* const below = grey[reflected(y + 1, height)].data;
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t left = reflected(x - 1, width);
      const std::int64_t right = reflected(x + 1, width);
      Gradient& gradient = result.data()[y * width + x];
      gradient.x = above[right] - above[left] + 2 * (here[right] - here[left]) + below[right] - below[left];
      gradient.y = below[left] - above[left] + 2 * (below[x] - above[x]) + below[right] - above[right];
    }
  }
  return result;
}

/// A permutation of the 32-bit numbers: an odd multiple, an offset, then murmur3's finaliser (Appleby), each of which
/// can be undone.
struct Permutation {
  std::uint32_t factor = 1;
  std::uint32_t offset = 0;

  std::uint32_t operator()(std::uint32_t value) const {
    std::uint32_t mixed = factor * value + offset;
    mixed = (mixed ^ (mixed >> 16)) * 0x85eb'ca6bU;
    mixed = (mixed ^ (mixed >> 13)) * 0xc2b2'ae35U;
    return mixed ^ (mixed >> 16);
  }
};

using Family = std::array<Permutation, static_cast<std::size_t>(kMinhashPermutations)>;

Family make_family() {
  constexpr std::uint64_t kSeed = 128;  // signatures that are kept in files depend on it
  Random random(kSeed);
  Family family;
  for (auto& permutation : family) {
    const std::uint64_t bits = random.next();
    permutation = {static_cast<std::uint32_t>(bits >> 32) | 1U, static_cast<std::uint32_t>(bits)};
  }
  return family;
}

}  // namespace

Array<std::int64_t, 2> harris_response(View<const std::uint8_t, 2> grey) {
  const std::int64_t height = grey.shape[0];
  const std::int64_t width = grey.shape[1];
  const auto gradient = gradients(grey);
  Array<std::int64_t, 2> response({height, width});
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      std::int64_t xx = 0;
      std::int64_t xy = 0;
      std::int64_t yy = 0;
      // A block of two has no middle: it is this pixel, the one before and those above.
      for (const std::int64_t row : {reflected(y - 1, height), y}) {
        for (const std::int64_t column : {reflected(x - 1, width), x}) {
          const Gradient& g = gradient.data()[row * width + column];
          xx += g.x * g.x;
          xy += g.x * g.y;
          yy += g.y * g.y;
        }
      }
      const std::int64_t trace = xx + yy;  // below 2^23: every term below is below 2^49
      response.data()[y * width + x] = 25 * (xx * yy - xy * xy) - trace * trace;
    }
  }
  return response;
}

std::vector<std::int64_t> strongest_corners(View<const std::int64_t, 2> response, std::int64_t count) {
  std::vector<std::int64_t> corners;
  for (std::int64_t k = 0; k < response.size(); ++k) {
    if (response.data[k] > 0) corners.push_back(k);
  }
  const auto stronger = [&](std::int64_t a, std::int64_t b) {
    return response.data[a] != response.data[b] ? response.data[a] > response.data[b] : a < b;
  };
  const auto end = corners.begin() + std::min(count, static_cast<std::int64_t>(corners.size()));
  std::partial_sort(corners.begin(), end, corners.end(), stronger);
  corners.erase(end, corners.end());
  return corners;
}

std::vector<std::uint32_t> corner_cells(View<const std::uint8_t, 2> grey) {
  const auto response = harris_response(grey);
  const std::int64_t width = grey.shape[1];
  const std::int64_t cells_across = (width + kMinhashCellPx - 1) / kMinhashCellPx;
  std::vector<std::uint32_t> cells;
  for (const auto corner : strongest_corners(response.view(), kMinhashCorners)) {
    const std::int64_t row = corner / width / kMinhashCellPx;
    const std::int64_t column = corner % width / kMinhashCellPx;
    cells.push_back(static_cast<std::uint32_t>(row * cells_across + column));
  }
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  return cells;
}

std::vector<std::uint32_t> minhash_signature(std::span<const std::uint32_t> members) {
  static const Family family = make_family();
  std::vector<std::uint32_t> signature(family.size(), kNoMinimum);
  for (std::size_t k = 0; k < family.size(); ++k) {
    for (const auto member : members) signature[k] = std::min(signature[k], family[k](member));
    // One number in 2^32 is mapped to the mark of the empty set.
    if (!members.empty()) signature[k] = std::min(signature[k], kNoMinimum - 1);
  }
  return signature;
}

}  // namespace simile
