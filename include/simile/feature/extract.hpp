// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/feature/dataset.hpp"

namespace simile {

/// Sides that --size allows: SSIM's window at least.
inline constexpr std::int64_t kMinSidePx = 7;
inline constexpr std::int64_t kMaxSidePx = 4096;

/// How features are taken; validate() before use.
struct FeatureOptions {
  std::optional<Method> method{};   ///< default: ssim for images, what they are for arrays of features
  std::optional<PixelSize> size{};  ///< ssim: default 64x64 for files, arrays keep theirs
  int hash_size = 8;                ///< phash, dhash, ahash
  bool full_decode = false;         ///< ssim: no reduced JPEG decoding
  DecodeLimits limits{};

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// The wanted method, or what fits the dataset: ssim for images, what they are for features. Throws invalid_argument
/// when the wanted one does not fit.
Method choose_method(const Dataset& dataset, std::optional<Method> wanted);

struct Extraction {
  Features features;
  std::vector<ItemError> errors;  ///< items without features, ascending
};

/// Takes the features of every item that can be read. `dataset.features` are used up. Throws invalid_argument when the
/// method does not fit the data, out_of_memory when the features exceed context.memory_bytes.
Extraction extract_features(Dataset& dataset, const FeatureOptions& options, const Context& context);

}  // namespace simile
