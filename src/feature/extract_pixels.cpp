// SPDX-License-Identifier: Apache-2.0
// ssim and template: small pictures.
#include "feature/extraction.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

/// An image at `size` in colour; grey levels become three equal channels.
std::vector<std::uint8_t> colour_at(const View<const std::uint8_t, 3>& image, PixelSize size) {
  const auto resized = resize(image, size);
  const std::int64_t repeats = 3 / resized.shape(2);
  std::vector<std::uint8_t> colours;
  colours.reserve(static_cast<std::size_t>(resized.size() * repeats));
  for (std::int64_t k = 0; k < resized.size(); ++k) {
    colours.insert(colours.end(), static_cast<std::size_t>(repeats), resized.data()[k]);
  }
  return colours;
}

}  // namespace

Extraction extract_ssim(const ExtractionJob& job) {
  const PixelSize size = compared_size(job.set, Method::ssim, job.options);
  if (size.width_px < kMinSidePx || size.height_px < kMinSidePx) {
    throw Error(ErrorCode::invalid_argument, concat("images of ", size.width_px, "x", size.height_px,
                                                    " pixels are smaller than SSIM's window of 7x7 (set --size)"));
  }
  Recipe recipe{.name = recipe_name(Method::ssim, size, 1), .decode = decode_for(size, job.options), .make = {}};
  recipe.make = [size](View<const std::uint8_t, 3> image) {
    const auto grey = grey_at(image, size);
    return std::vector<std::uint8_t>(grey.data(), grey.data() + grey.size());
  };
  Extraction result;
  note_size(size, result.features);
  extract_rows(job, recipe, {size.height_px, size.width_px}, result.features.images, result);
  return result;
}

Extraction extract_template(const ExtractionJob& job) {
  const PixelSize size = compared_size(job.set, Method::template_match, job.options);
  const Recipe recipe{.name = recipe_name(Method::template_match, size, 1),
                      .decode = decode_for(size, job.options),
                      .make = [size](View<const std::uint8_t, 3> image) { return colour_at(image, size); }};
  Extraction result;
  note_size(size, result.features);
  extract_rows(job, recipe, {size.height_px, size.width_px, 3}, result.features.colour_images, result);
  return result;
}

}  // namespace simile
