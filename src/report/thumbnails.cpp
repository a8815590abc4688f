// SPDX-License-Identifier: Apache-2.0
#include "simile/report/thumbnails.hpp"

#include <algorithm>
#include <mutex>

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

std::string thumbnail(const View<const std::uint8_t, 3>& image) {
  const auto small = resize(image, thumbnail_size(image.shape[0], image.shape[1]));
  std::vector<std::uint8_t> bytes;
  if (small.shape(2) == 3) {
    bytes = encode_jpeg(small.view(), kQuality);
  } else {
    Array<std::uint8_t, 3> rgb({small.shape(0), small.shape(1), 3});
    for (std::int64_t k = 0; k < rgb.size(); ++k) rgb.data()[k] = small.data()[k / 3];
    bytes = encode_jpeg(rgb.view(), kQuality);
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::map<std::int64_t, std::string> make_thumbnails(const ImageSet& set, const std::vector<std::int64_t>& items,
                                                    const DecodeLimits& limits, const Context& context) {
  std::map<std::int64_t, std::string> thumbnails;
  std::mutex mutex;
  const DecodeOptions decode{.limits = limits, .reduce_for = PixelSize{kThumbnailSidePx / 2, kThumbnailSidePx / 2}};
  ProgressPhase phase(context.progress, "drawing thumbnails", static_cast<std::int64_t>(items.size()), "images");
  for_each_image(set, items, decode, context,
                 [&](int /*worker*/, std::int64_t item, View<const std::uint8_t, 3> image) {
                   auto bytes = thumbnail(image);
                   const std::lock_guard lock(mutex);
                   thumbnails.emplace(item, std::move(bytes));
                 });
  return thumbnails;
}

}  // namespace simile
