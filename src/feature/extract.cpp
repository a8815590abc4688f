// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/extract.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "feature/extraction.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

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
  return result;
}

Extraction extract(const ExtractionJob& job, Method method) {
  switch (method) {
    case Method::ssim:
      return extract_ssim(job);
    case Method::phash:
    case Method::dhash:
    case Method::ahash:
      return extract_hashes(job, *hash_kind(method));
    case Method::minhash:
      return extract_minhash(job);
    case Method::orb:
      return extract_orb(job);
    case Method::template_match:
      return extract_template(job);
    case Method::embedding:
      return extract_embedding(job);
  }
  throw Error(ErrorCode::internal, "a method that takes no features of images");
}

/// Flags that say how images become features.
struct Flags {
  bool size = false;
  bool scale = false;
  bool hash_size = false;
  bool full_decode = false;
  bool network = false;
};

/// Throws invalid_argument when one of `useless` is given.
void refuse(const FeatureOptions& options, const Flags& useless, const std::string& where) {
  std::string flag;
  if (useless.size && options.size) flag = concat("--size ", options.size->width_px, "x", options.size->height_px);
  if (useless.scale && options.scale) flag = concat("--scale ", *options.scale);
  if (useless.hash_size && options.hash_size) flag = concat("--hash-size ", *options.hash_size);
  if (useless.full_decode && options.full_decode) flag = "--full-decode";
  if (useless.network && !options.network.model.empty()) flag = concat("--model ", in_quotes(options.network.model));
  if (useless.network && !options.network.architecture.empty()) {
    flag = concat("--arch ", in_quotes(options.network.architecture));
  }
  if (useless.network && !options.network.precision.empty()) {
    flag = concat("--precision ", in_quotes(options.network.precision));
  }
  if (useless.network && !options.network.torchscript.empty()) {
    flag = concat("--torchscript ", in_quotes(options.network.torchscript));
  }
  if (!flag.empty()) throw Error(ErrorCode::invalid_argument, concat(flag, ": no effect ", where));
}

void refuse_flags_of_others(const FeatureOptions& options, Method method) {
  const bool hash = hash_kind(method).has_value();
  const bool vectors = method == Method::embedding;
  const bool pictures = method == Method::ssim || method == Method::template_match;
  refuse(options,
         {.size = hash || vectors, .scale = !pictures, .hash_size = !hash, .full_decode = hash, .network = !vectors},
         concat("with --method ", info(method).name));
}

/// Throws invalid_argument when a side of the result is not one that --size allows.
PixelSize scaled(PixelSize size, double scale) {
  const double width = std::round(static_cast<double>(size.width_px) * scale);
  const double height = std::round(static_cast<double>(size.height_px) * scale);
  const auto allowed = [](double side) { return side >= kMinSidePx && side <= kMaxSidePx; };
  if (!allowed(width) || !allowed(height)) {
    throw Error(ErrorCode::invalid_argument,
                concat("--scale ", scale, ": makes ", width, "x", height, " pixels of images of ", size.width_px, "x",
                       size.height_px, "; allowed are ", kMinSidePx, " to ", kMaxSidePx, " a side"));
  }
  return {static_cast<std::int64_t>(width), static_cast<std::int64_t>(height)};
}

/// The size of all images that can be read; none when none can.
std::optional<PixelSize> common_size(const ImageSet& set, const FeatureOptions& options, const Context& context) {
  const auto sizes = image_sizes(set, options.limits, context);
  std::optional<std::size_t> first;
  for (std::size_t item = 0; item < sizes.size(); ++item) {
    if (!sizes[item]) continue;
    if (!first) first = item;
    if (*sizes[item] == *sizes[*first]) continue;
    const auto described = [&](std::size_t which) {
      return concat(in_quotes(set.catalogue.ids[which]), " of ", sizes[which]->width_px, "x", sizes[which]->height_px);
    };
    throw Error(ErrorCode::invalid_argument, concat("--scale ", *options.scale, ": images must be of one size, but ",
                                                    described(*first), " and ", described(item), " differ"));
  }
  return first ? sizes[*first] : std::nullopt;
}

}  // namespace

void FeatureOptions::validate() const {
  if (size && (size->width_px < kMinSidePx || size->height_px < kMinSidePx || size->width_px > kMaxSidePx ||
               size->height_px > kMaxSidePx)) {
    throw Error(ErrorCode::invalid_argument, concat("--size ", size->width_px, "x", size->height_px, ": allowed are ",
                                                    kMinSidePx, " to ", kMaxSidePx, " pixels a side"));
  }
  if (scale && !(*scale > 0 && std::isfinite(*scale))) {
    throw Error(ErrorCode::invalid_argument, concat("--scale ", *scale, ": allowed are numbers above 0"));
  }
  if (scale && size) {
    throw Error(ErrorCode::invalid_argument, concat("--scale ", *scale, ": not together with --size"));
  }
  if (hash_size && (*hash_size < kMinHashSize || *hash_size > kMaxHashSize)) {
    throw Error(ErrorCode::invalid_argument,
                concat("--hash-size ", *hash_size, ": allowed are ", kMinHashSize, " to ", kMaxHashSize));
  }
  if (limits.max_pixels < 1) {
    throw Error(ErrorCode::invalid_argument, concat("--max-pixels ", limits.max_pixels, ": allowed is 1 or more"));
  }
  if (limits.max_file_bytes < 1) {
    throw Error(ErrorCode::invalid_argument,
                concat("--max-file-size ", limits.max_file_bytes, ": allowed is 1 or more"));
  }
  if (limits.max_decode_seconds < 0 || limits.max_decode_seconds > kMaxDecodeSeconds) {
    throw Error(ErrorCode::invalid_argument, concat("--max-decode-time ", limits.max_decode_seconds,
                                                    ": allowed are 0 to ", kMaxDecodeSeconds, " seconds"));
  }
  if (!network.architecture.empty() && network.model.empty()) {
    throw Error(ErrorCode::invalid_argument,
                concat("--arch ", in_quotes(network.architecture), ": ",
                       network.torchscript.empty() ? "says what weights without a card are: --model FILE.safetensors "
                                                     "names them"
                                                   : "no effect with --torchscript"));
  }
  if (method) refuse_flags_of_others(*this, *method);
}

void FeatureOptions::validate_for(const Dataset& dataset, Method chosen) const {
  if (dataset.features) {
    refuse(*this, {.size = true, .scale = true, .hash_size = true, .full_decode = true, .network = true},
           concat("on ", dataset.content()));
  }
  if (dataset.images.in_memory()) refuse(*this, {.full_decode = true}, "on an array of images");
  refuse_flags_of_others(*this, chosen);
}

Method choose_method(const Dataset& dataset, const FeatureOptions& options) {
  const bool has_features = dataset.features.has_value();
  const Method of_images = options.network.empty() ? Method::ssim : Method::embedding;
  const Method natural = has_features ? dataset.features->method : dataset.method.value_or(of_images);
  const Method method = options.method.value_or(natural);
  // Hashes of an unknown kind may be called any hash: they are compared alike.
  const bool any_hash = has_features && !dataset.method && hash_kind(method) && hash_kind(natural);
  if (!has_features || method == natural || any_hash) return method;
  std::string needed = "images";
  if (method == Method::embedding) needed = "images or vectors (a .npy of float32 or float16 [n,d])";
  if (hash_kind(method) && hash_kind(natural)) needed = concat(info(method).name, " hashes or images");
  throw Error(ErrorCode::invalid_argument,
              concat("--method ", info(method).name, " needs ", needed, ", but the input holds ",
                     dataset.method && hash_kind(natural) ? concat(info(natural).name, " ") : "", dataset.content()));
}

PixelSize compared_size(const ImageSet& images, Method method, const FeatureOptions& options) {
  if (options.size) return *options.size;
  if (images.in_memory()) {
    const PixelSize size{images.pixels.shape(2), images.pixels.shape(1)};
    return options.scale ? scaled(size, *options.scale) : size;
  }
  return method == Method::orb ? PixelSize{256, 256} : PixelSize{64, 64};
}

Extraction extract_features(Dataset& dataset, const FeatureOptions& options, const Context& context) {
  options.validate();
  const bool has_features = dataset.features.has_value();
  const Method method = choose_method(dataset, options);
  options.validate_for(dataset, method);
  Extraction result;
  if (has_features) {
    result = take_features(std::move(*dataset.features));
    dataset.features.reset();
  } else {
    FeatureOptions sized = options;
    if (options.scale && !dataset.images.in_memory()) {
      if (const auto size = common_size(dataset.images, options, context)) sized.size = scaled(*size, *options.scale);
    }
    result = extract({dataset.images, sized, context}, method);
  }
  result.features.method = method;
  return result;
}

}  // namespace simile
