// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/extract.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/image/resize.hpp"

namespace simile {
namespace {

constexpr PixelSize kDefaultSize{64, 64};

/// What is held beside new features: the array that the images come from.
std::int64_t held_bytes(const ImageSet& set) { return set.pixels.size(); }

void check_budget(std::int64_t bytes, const Context& context) {
  if (bytes > context.memory_bytes) {
    throw Error(ErrorCode::out_of_memory, concat("the features need ", format_bytes(bytes), "; --memory allows ",
                                                 format_bytes(context.memory_bytes)));
  }
}

/// Moves the rows of items that have no error to the front of `rows`; gives the items that stay.
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
    if (row != item) {
      std::memcpy(rows.data() + row * row_size, rows.data() + item * row_size,
                  static_cast<std::size_t>(row_size) * sizeof(T));
    }
    kept.push_back(item);
  }
  return kept;
}

View<const std::uint8_t, 2> grey_plane(const View<const std::uint8_t, 3>& image) {
  return {image.data, {image.shape[0], image.shape[1]}};
}

/// Calls visit(grey image) with the image's grey levels at full size.
template <class Visit>
void with_grey(const View<const std::uint8_t, 3>& image, Visit&& visit) {
  if (image.shape[2] == 1) {
    visit(grey_plane(image));
  } else {
    const auto grey = to_grey(image);
    visit(grey.view());
  }
}

Context with_budget(const Context& context, std::int64_t memory_bytes) {
  Context changed = context;
  changed.memory_bytes = memory_bytes;
  return changed;
}

PixelSize ssim_size(const ImageSet& set, const FeatureOptions& options) {
  if (options.size) return *options.size;
  if (!set.in_memory()) return kDefaultSize;
  return {set.pixels.shape(2), set.pixels.shape(1)};
}

Extraction extract_ssim(const ImageSet& set, const FeatureOptions& options, const Context& context) {
  const PixelSize size = ssim_size(set, options);
  const std::int64_t count = set.catalogue.size();
  if (size.width_px < kMinSidePx || size.height_px < kMinSidePx) {
    throw Error(ErrorCode::invalid_argument, concat("images of ", size.width_px, "x", size.height_px,
                                                    " pixels are smaller than SSIM's window of 7x7 (set --size)"));
  }
  const std::int64_t image_bytes = size.width_px * size.height_px;
  check_budget(count * image_bytes + held_bytes(set), context);
  Extraction result;
  auto& images = result.features.images;
  images = Array<std::uint8_t, 3>({count, size.height_px, size.width_px});
  DecodeOptions decode{.limits = options.limits, .reduce_for = {}};
  if (!options.full_decode) decode.reduce_for = size;
  ProgressPhase phase(context.progress, "reading", count, "images");
  result.errors = for_each_image(
      set, decode, with_budget(context, context.memory_bytes - images.size() - held_bytes(set)),
      [&](int /*worker*/, std::int64_t item, View<const std::uint8_t, 3> image) {
        with_grey(image, [&](View<const std::uint8_t, 2> grey) {
          const auto resized = resize(grey, size);
          std::memcpy(images.data() + item * image_bytes, resized.data(), static_cast<std::size_t>(image_bytes));
        });
      });
  result.features.items = keep_rows(images, result.errors);
  images.truncate(result.features.num_rows());
  return result;
}

Extraction extract_hashes(const ImageSet& set, Method method, const FeatureOptions& options, const Context& context) {
  const std::int64_t count = set.catalogue.size();
  const std::int64_t bytes = hash_bytes(options.hash_size);
  check_budget(count * bytes + held_bytes(set), context);
  Extraction result;
  auto& codes = result.features.codes;
  result.features.bits = hash_bits(options.hash_size);
  codes = Array<std::uint8_t, 2>({count, bytes});
  const DecodeOptions decode{.limits = options.limits, .reduce_for = {}};
  ProgressPhase phase(context.progress, "reading", count, "images");
  result.errors =
      for_each_image(set, decode, with_budget(context, context.memory_bytes - codes.size() - held_bytes(set)),
                     [&](int /*worker*/, std::int64_t item, View<const std::uint8_t, 3> image) {
                       with_grey(image, [&](View<const std::uint8_t, 2> grey) {
                         const auto hash = perceptual_hash(grey, *hash_kind(method), options.hash_size);
                         std::copy(hash.begin(), hash.end(), codes.data() + item * bytes);
                       });
                     });
  result.features.items = keep_rows(codes, result.errors);
  codes.truncate(result.features.num_rows());
  return result;
}

/// Features that the dataset already holds; embeddings lose the rows that are no vectors.
Extraction take_features(Features&& features) {
  Extraction result;
  result.features = std::move(features);
  if (result.features.method != Method::embedding) return result;
  auto& vectors = result.features.vectors;
  for (std::int64_t row = 0; row < vectors.shape(0); ++row) {
    const float* const values = vectors.view()[row].data;
    if (!std::all_of(values, values + vectors.shape(1), [](float value) { return std::isfinite(value); })) {
      result.errors.push_back({row, "the vector holds NaN or an infinite value"});
    }
  }
  result.features.items = keep_rows(vectors, result.errors);
  vectors.truncate(result.features.num_rows());
  return result;
}

}  // namespace

void FeatureOptions::validate() const {
  if (size && (size->width_px < kMinSidePx || size->height_px < kMinSidePx || size->width_px > kMaxSidePx ||
               size->height_px > kMaxSidePx)) {
    throw Error(ErrorCode::invalid_argument, concat("--size ", size->width_px, "x", size->height_px, ": allowed are ",
                                                    kMinSidePx, " to ", kMaxSidePx, " pixels a side"));
  }
  if (hash_size < kMinHashSize || hash_size > kMaxHashSize) {
    throw Error(ErrorCode::invalid_argument,
                concat("--hash-size ", hash_size, ": allowed are ", kMinHashSize, " to ", kMaxHashSize));
  }
  if (limits.max_pixels < 1) {
    throw Error(ErrorCode::invalid_argument, concat("--max-pixels ", limits.max_pixels, ": allowed is 1 or more"));
  }
  if (limits.max_file_bytes < 1) {
    throw Error(ErrorCode::invalid_argument,
                concat("--max-file-size ", limits.max_file_bytes, ": allowed is 1 or more"));
  }
}

Method choose_method(const Dataset& dataset, std::optional<Method> wanted) {
  const bool has_features = dataset.features.has_value();
  const Method natural = has_features ? dataset.features->method : Method::ssim;
  const Method method = wanted.value_or(natural);
  // Hashes of an unknown kind may be called any hash: they are compared alike.
  const bool any_hash = has_features && !dataset.method_known && hash_kind(method) && hash_kind(natural);
  if (has_features ? method == natural || any_hash : method != Method::embedding) return method;
  std::string needed = "images";
  if (method == Method::embedding) needed = "vectors (a .npy of float32 or float16 [n,d])";
  if (hash_kind(method) && hash_kind(natural)) needed = concat(info(method).name, " hashes or images");
  throw Error(ErrorCode::invalid_argument,
              concat("--method ", info(method).name, " needs ", needed, ", but the input holds ",
                     dataset.method_known ? concat(info(natural).name, " ") : "", dataset.kind));
}

Extraction extract_features(Dataset& dataset, const FeatureOptions& options, const Context& context) {
  options.validate();
  const bool has_features = dataset.features.has_value();
  const Method method = choose_method(dataset, options.method);
  Extraction result;
  if (has_features) {
    result = take_features(std::move(*dataset.features));
    dataset.features.reset();
  } else if (method == Method::ssim) {
    result = extract_ssim(dataset.images, options, context);
  } else {
    result = extract_hashes(dataset.images, method, options, context);
  }
  result.features.method = method;
  return result;
}

}  // namespace simile
