// SPDX-License-Identifier: Apache-2.0
// minhash and orb: what stands out in an image.
#include <algorithm>
#include <atomic>
#include <cstring>

#include "feature/extraction.hpp"

#include "simile/core/error.hpp"
#include "simile/feature/minhash.hpp"
#include "simile/feature/orb.hpp"

namespace simile {
namespace {

/// Joins the descriptors of the items, each of which gives its memory back when it has been copied.
void join_descriptors(std::vector<std::vector<std::uint8_t>>& parts, std::int64_t total_bytes, Features& features) {
  features.codes = Array<std::uint8_t, 2>({total_bytes / kOrbDescriptorBytes, kOrbDescriptorBytes});
  features.offsets.assign(1, 0);
  std::uint8_t* target = features.codes.data();
  for (const auto item : features.items) {
    const auto part = std::move(parts[static_cast<std::size_t>(item)]);
    target = std::copy(part.begin(), part.end(), target);
    features.offsets.push_back((target - features.codes.data()) / kOrbDescriptorBytes);
  }
}

}  // namespace

Extraction extract_minhash(const ExtractionJob& job) {
  const PixelSize size = compared_size(job.set, Method::minhash, job.options);
  Recipe recipe{.name = recipe_name(Method::minhash, size, 1), .decode = decode_for(size, job.options), .make = {}};
  recipe.make = [size](View<const std::uint8_t, 3> image) {
    const auto signature = minhash_signature(corner_cells(grey_at(image, size).view()));
    std::vector<std::uint8_t> bytes(signature.size() * sizeof(signature[0]));
    std::memcpy(bytes.data(), signature.data(), bytes.size());
    return bytes;
  };
  Extraction result;
  note_size(size, result.features);
  extract_rows(job, recipe, {kMinhashPermutations}, result.features.signatures, result);
  return result;
}

Extraction extract_orb(const ExtractionJob& job) {
  const PixelSize size = compared_size(job.set, Method::orb, job.options);
  Recipe recipe{.name = recipe_name(Method::orb, size, 1), .decode = decode_for(size, job.options), .make = {}};
  recipe.make = [size](View<const std::uint8_t, 3> image) { return orb_descriptors(grey_at(image, size).view()); };
  recipe.unit_bytes = kOrbDescriptorBytes;
  recipe.ragged = true;
  Extraction result;
  note_size(size, result.features);
  const auto count = job.set.catalogue.size();
  std::vector<std::vector<std::uint8_t>> descriptors(static_cast<std::size_t>(count));
  std::atomic<std::int64_t> total_bytes{0};
  const std::int64_t expected_bytes =
      std::min(count * kOrbFeatures * kOrbDescriptorBytes, job.context.memory_bytes / 2);
  const auto store = [&](std::int64_t item, std::span<const std::uint8_t> feature) {
    // Twice: the parts and, while they are joined, the whole.
    check_budget(2 * (total_bytes += std::ssize(feature)), job);
    descriptors[static_cast<std::size_t>(item)].assign(feature.begin(), feature.end());
  };
  take_features(job, recipe, expected_bytes, store, result);
  auto error = result.errors.begin();
  for (std::int64_t item = 0; item < count; ++item) {
    if (error != result.errors.end() && error->item == item) {
      ++error;
    } else {
      result.features.items.push_back(item);
    }
  }
  join_descriptors(descriptors, total_bytes, result.features);
  return result;
}

}  // namespace simile
