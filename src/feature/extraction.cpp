// SPDX-License-Identifier: Apache-2.0
#include "feature/extraction.hpp"

#include <numeric>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

/// What is held beside new features: the array that the images come from.
std::int64_t image_bytes(const ExtractionJob& job) { return job.set.pixels.size(); }

}  // namespace

void check_budget(std::int64_t feature_bytes, const ExtractionJob& job) {
  const std::int64_t bytes = feature_bytes + image_bytes(job);
  if (bytes <= job.context.memory_bytes) return;
  throw Error(ErrorCode::out_of_memory, concat("the features need ", format_bytes(bytes), "; --memory allows ",
                                               format_bytes(job.context.memory_bytes)));
}

void note_size(PixelSize size, Features& features) {
  features.width_px = size.width_px;
  features.height_px = size.height_px;
}

DecodeOptions decode_for(PixelSize size, const FeatureOptions& options) {
  DecodeOptions decode{.limits = options.limits, .reduce_for = {}};
  if (!options.full_decode) decode.reduce_for = size;
  return decode;
}

Array<std::uint8_t, 2> grey_at(const View<const std::uint8_t, 3>& image, PixelSize size) {
  Array<std::uint8_t, 2> resized;
  with_grey(image, [&](View<const std::uint8_t, 2> grey) { resized = resize(grey, size); });
  return resized;
}

void take_features(const ExtractionJob& job, const Recipe& recipe, std::int64_t held_bytes,
                   const std::function<void(std::int64_t item, std::span<const std::uint8_t> feature)>& store,
                   Extraction& result) {
  Context context = job.context;
  context.memory_bytes -= held_bytes + image_bytes(job);
  ProgressPhase phase(context.progress, "reading", job.set.catalogue.size(), "images");
  std::vector<std::int64_t> items(static_cast<std::size_t>(job.set.catalogue.size()));
  std::iota(items.begin(), items.end(), 0);
  Derivation derivation = derive(job.set, items, recipe, job.options.cache, context, store);
  result.errors = std::move(derivation.errors);
  result.num_kept = derivation.num_kept;
}

std::string recipe_name(Method method, PixelSize size, int version) {
  return concat(info(method).name, " ", version, ", ", size.width_px, "x", size.height_px);
}

}  // namespace simile
