// SPDX-License-Identifier: Apache-2.0
#include "simile/report/thumbnails.hpp"

#include <algorithm>
#include <mutex>

#include "simile/core/text.hpp"
#include "simile/image/resize.hpp"

namespace simile {
namespace {

constexpr int kQuality = 68;  // 4,000 thumbnails of photos stay below a report's 15 MB

PixelSize thumbnail_size(std::int64_t height_px, std::int64_t width_px) {
  const std::int64_t longer = std::max(height_px, width_px);
  if (longer <= kThumbnailSidePx) return {width_px, height_px};
  const auto scaled = [&](std::int64_t side) { return std::max<std::int64_t>(1, side * kThumbnailSidePx / longer); };
  return {scaled(width_px), scaled(height_px)};
}

std::vector<std::uint8_t> thumbnail(View<const std::uint8_t, 3> image) {
  const auto small = resize(image, thumbnail_size(image.shape[0], image.shape[1]));
  if (small.shape(2) == 3) return encode_jpeg(small.view(), kQuality);
  Array<std::uint8_t, 3> rgb({small.shape(0), small.shape(1), 3});
  for (std::int64_t k = 0; k < rgb.size(); ++k) rgb.data()[k] = small.data()[k / 3];
  return encode_jpeg(rgb.view(), kQuality);
}

}  // namespace

std::map<std::int64_t, std::string> make_thumbnails(const ImageSet& set, const std::vector<std::int64_t>& items,
                                                    const DecodeLimits& limits, const CacheOptions& cache,
                                                    const Context& context) {
  std::map<std::int64_t, std::string> thumbnails;
  std::mutex mutex;
  const Recipe recipe{.name = concat("thumbnail 1, ", kThumbnailSidePx, " px, JPEG ", kQuality),
                      .decode = {.limits = limits, .reduce_for = PixelSize{kThumbnailSidePx / 2, kThumbnailSidePx / 2}},
                      .make = thumbnail,
                      .ragged = true};
  ProgressPhase phase(context.progress, "drawing thumbnails", static_cast<std::int64_t>(items.size()), "images");
  derive(set, items, recipe, cache, context, [&](std::int64_t item, std::span<const std::uint8_t> jpeg) {
    const std::lock_guard lock(mutex);
    thumbnails.emplace(item, std::string(jpeg.begin(), jpeg.end()));
  });
  return thumbnails;
}

}  // namespace simile
