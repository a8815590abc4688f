// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/dataset.hpp"
#include "simile/image/derive.hpp"

namespace simile {

/// Sides that --size allows: SSIM's window at least.
inline constexpr std::int64_t kMinSidePx = 7;
inline constexpr std::int64_t kMaxSidePx = 4096;
inline constexpr int kDefaultHashSize = 8;

class ImageEmbedder;

/// The network that embeddings of images are taken by. All empty: the default one, as far as it is installed.
struct NetworkChoice {
  std::string model;         ///< a name, or a path to a card, to weights or to a folder of training
  std::string architecture;  ///< of weights without a card
  std::string precision;     ///< as parse_precision(); empty: fp32
  std::string torchscript;   ///< a TorchScript module instead, which the user trusts; `model` may be a card for it

  bool empty() const { return model.empty() && architecture.empty() && precision.empty() && torchscript.empty(); }
  friend bool operator==(const NetworkChoice&, const NetworkChoice&) = default;
};

/// How features are taken; validate() before use.
struct FeatureOptions {
  std::optional<Method> method{};   ///< default: ssim for images, what they are for arrays of features
  std::optional<PixelSize> size{};  ///< not hashes: default 64x64, orb 256x256; arrays keep theirs
  std::optional<double> scale{};   ///< ssim, template: factor on the images' own size, which must be one; not with size
  std::optional<int> hash_size{};  ///< hashes: default kDefaultHashSize
  NetworkChoice network{};         ///< embedding of images
  /// The network itself, opened: made of `network` by who extracts (pipeline/), and not needed before.
  std::shared_ptr<ImageEmbedder> embedder{};
  bool full_decode = false;  ///< not hashes: no reduced JPEG decoding
  DecodeLimits limits{};
  CacheOptions cache{};  ///< default: none

  /// Throws invalid_argument naming the flag, its value and what is allowed, or the flag that has no effect with the
  /// method.
  void validate() const;
  /// The same for the method that the dataset's features are taken by: no flag may be without effect on it.
  void validate_for(const Dataset& dataset, Method chosen) const;
};

/// The wanted method, or what fits the dataset: ssim for images (embedding if a network is chosen), what they are for
/// features and for arrays that say so.
/// Throws invalid_argument when the wanted one does not fit.
Method choose_method(const Dataset& dataset, const FeatureOptions& options);

/// The size at which a method that compares pixels or keypoints sees the images: --size, or what --scale makes of an
/// array's; without them that of an array's images, and for files the method's default (orb 256x256: at 64 px most
/// photos have no keypoint; else 64x64). What --scale makes of files is known only when they are read:
/// extract_features.
PixelSize compared_size(const ImageSet& images, Method method, const FeatureOptions& options);

struct Extraction {
  Features features;
  std::vector<ItemError> errors;  ///< items without features, ascending
  std::int64_t num_kept = 0;      ///< items whose features an earlier run had kept
};

/// Takes the features of every item that can be read. `dataset.features` are used up. Throws invalid_argument when the
/// method does not fit the data, there is no options.embedder where one is needed, or the sizes of images that are
/// scaled differ (naming two), out_of_memory when the features exceed context.memory_bytes.
Extraction extract_features(Dataset& dataset, const FeatureOptions& options, const Context& context);

}  // namespace simile
