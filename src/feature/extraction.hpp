// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "simile/core/error.hpp"
#include "simile/feature/extract.hpp"
#include "simile/image/derive.hpp"
#include "simile/image/resize.hpp"

namespace simile {

/// What features are taken of, and how.
struct ExtractionJob {
  const ImageSet& set;
  const FeatureOptions& options;
  const Context& context;
};

// One function a method: the features of every image that can be read.
Extraction extract_ssim(const ExtractionJob& job);
Extraction extract_template(const ExtractionJob& job);
Extraction extract_hashes(const ExtractionJob& job, HashKind kind);
Extraction extract_minhash(const ExtractionJob& job);
Extraction extract_orb(const ExtractionJob& job);
Extraction extract_embedding(const ExtractionJob& job);

/// Calls store(item, feature) for every image that can be read, by several workers at once; what is held for the
/// features is `held_bytes`. Fills in the result's errors and counts.
void take_features(const ExtractionJob& job, const Recipe& recipe, std::int64_t held_bytes,
                   const std::function<void(std::int64_t item, std::span<const std::uint8_t> feature)>& store,
                   Extraction& result);

/// A recipe's name: the method, the size at which it sees images, and its version, which is raised when the same image
/// gives another feature.
std::string recipe_name(Method method, PixelSize size, int version);

/// Throws out_of_memory when the features do not fit into the budget beside the images.
void check_budget(std::int64_t feature_bytes, const ExtractionJob& job);

/// Notes in the features to which size images were resized.
void note_size(PixelSize size, Features& features);

/// Decoding for a method that resizes to `size` by averaging areas.
DecodeOptions decode_for(PixelSize size, const FeatureOptions& options);

/// Grey levels of an image at `size`.
Array<std::uint8_t, 2> grey_at(const View<const std::uint8_t, 3>& image, PixelSize size);

/// Calls visit(grey image) with the image's grey levels at full size.
template <class Visit>
void with_grey(const View<const std::uint8_t, 3>& image, Visit&& visit) {
  if (image.shape[2] == 1) {
    visit(View<const std::uint8_t, 2>{image.data, {image.shape[0], image.shape[1]}});
  } else {
    const auto grey = to_grey(image);
    visit(grey.view());
  }
}

/// Moves the rows of items that have no error to the front of `rows` and drops the rest; gives the items that stay.
template <class T, int Rank>
std::vector<std::int64_t> keep_rows(Array<T, Rank>& rows, const std::vector<ItemError>& errors) {
  const std::int64_t count = rows.shape(0);
  const std::int64_t row_size = count > 0 ? rows.size() / count : 0;
  std::vector<std::int64_t> kept;
  kept.reserve(static_cast<std::size_t>(count));
  auto error = errors.begin();
  for (std::int64_t item = 0; item < count; ++item) {
    if (error != errors.end() && error->item == item) {
      ++error;
      continue;
    }
    const auto row = static_cast<std::int64_t>(kept.size());
    if (row != item) std::copy_n(rows.data() + item * row_size, row_size, rows.data() + row * row_size);
    kept.push_back(item);
  }
  rows.truncate(static_cast<std::int64_t>(kept.size()));
  return kept;
}

/// Features of one length: fills `rows`, which is made here as [n, row...], and the rest of `result`.
template <class T, int Rank>
void extract_rows(const ExtractionJob& job, Recipe recipe, const std::array<std::int64_t, Rank - 1>& row,
                  Array<T, Rank>& rows, Extraction& result) {
  std::array<std::int64_t, Rank> shape{job.set.catalogue.size()};
  std::copy(row.begin(), row.end(), shape.begin() + 1);
  recipe.unit_bytes = sizeof(T);
  for (const auto extent : row) recipe.unit_bytes *= extent;
  check_budget(shape[0] * recipe.unit_bytes, job);
  rows = Array<T, Rank>(shape);
  auto* const bytes = reinterpret_cast<std::uint8_t*>(rows.data());
  const auto store = [&](std::int64_t item, std::span<const std::uint8_t> feature) {
    ensure(std::ssize(feature) == recipe.unit_bytes, "a feature has not the length that its method says");
    std::copy(feature.begin(), feature.end(), bytes + item * recipe.unit_bytes);
  };
  take_features(job, recipe, rows.size_bytes(), store, result);
  result.features.items = keep_rows(rows, result.errors);
}

}  // namespace simile
