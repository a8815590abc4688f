// SPDX-License-Identifier: Apache-2.0
#include "inputs.hpp"

#include <algorithm>

#include "support/random_images.hpp"

#include "simile/core/random.hpp"

namespace simile {

Array<float, 2> bench_vectors(std::int64_t num_items, std::int64_t dimensions) {
  return clustered_unit_vectors(num_items, dimensions, std::max<std::int64_t>(1, num_items / 10), 0.27, 1);
}

Array<std::uint8_t, 3> bench_images(std::int64_t num_items, std::int64_t side_px) {
  Array<std::uint8_t, 3> images({num_items, side_px, side_px});
  for (std::int64_t k = 0; k < num_items; ++k) {
    const auto seed = static_cast<std::uint64_t>(k);
    const auto image =
        k % 4 == 3 ? near_duplicate(images.view()[k - 1], 6, seed) : natural_image(side_px, side_px, seed);
    std::copy_n(image.data(), image.size(), images.view()[k].data);
  }
  return images;
}

Array<std::uint8_t, 4> bench_colour_images(std::int64_t num_items, std::int64_t side_px) {
  constexpr std::int64_t kGroup = 10;
  const std::int64_t num_groups = std::max<std::int64_t>(1, num_items / kGroup);
  Array<std::uint8_t, 4> images({num_items, side_px, side_px, 3});
  for (std::int64_t item = 0; item < num_items; ++item) {
    for (std::int64_t channel = 0; channel < 3; ++channel) {
      const auto seed = static_cast<std::uint64_t>(3 * (item % num_groups) + channel);
      const auto plane =
          near_duplicate(natural_image(side_px, side_px, seed).view(), 20, seed + static_cast<std::uint64_t>(item));
      for (std::int64_t k = 0; k < plane.size(); ++k) {
        images.data()[(item * plane.size() + k) * 3 + channel] = plane.data()[k];
      }
    }
  }
  return images;
}

Array<std::uint8_t, 2> bench_codes(std::int64_t num_items, std::int64_t bits) {
  Array<std::uint8_t, 2> codes({num_items, bits / 8});
  Random random(1);
  for (std::int64_t k = 0; k < num_items; ++k) {
    for (std::int64_t byte = 0; byte < codes.shape(1); ++byte) {
      codes.view()(k, byte) = k % 4 == 3 ? codes.view()(k - 1, byte) : static_cast<std::uint8_t>(random.below(256));
    }
    if (k % 4 == 3) codes.view()(k, 0) ^= 0x12;
  }
  return codes;
}

Array<std::uint32_t, 2> bench_signatures(std::int64_t num_items) {
  Array<std::uint32_t, 2> rows({num_items, kSignatureLength});
  Random random(1);
  for (std::int64_t k = 0; k < num_items; ++k) {
    for (std::int64_t c = 0; c < kSignatureLength; ++c) {
      const bool copied = k % 4 == 3 && c % 4 != 0;
      rows.view()(k, c) = copied ? rows.view()(k - 1, c) : static_cast<std::uint32_t>(random.next());
    }
  }
  return rows;
}

BenchDescriptors bench_descriptors(std::int64_t num_items, std::int64_t num_descriptors) {
  BenchDescriptors all{Array<std::uint8_t, 2>({num_items * num_descriptors, kDescriptorBytes}), {}};
  Random random(1);
  const auto rows = all.rows.view();
  for (std::int64_t k = 0; k < rows.shape[0]; ++k) {
    const bool copied = k / num_descriptors % 4 == 3;
    for (std::int64_t byte = 0; byte < kDescriptorBytes; ++byte) {
      rows(k, byte) = copied ? rows(k - num_descriptors, byte) : static_cast<std::uint8_t>(random.below(256));
    }
    if (copied) rows(k, k % kDescriptorBytes) ^= static_cast<std::uint8_t>(random.below(256));
  }
  for (std::int64_t k = 0; k <= num_items; ++k) all.offsets.push_back(k * num_descriptors);
  return all;
}

}  // namespace simile
