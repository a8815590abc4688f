// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simile/core/view.hpp"
#include "simile/image/decode.hpp"

namespace simile {

/// Turns images into vectors. This room knows no networks: who has one derives from this
/// (pipeline/network_embedder.hpp).
class ImageEmbedder {
 public:
  virtual ~ImageEmbedder() = default;
  /// By which people, and a later run, find the model: "tf_efficientnet_lite0", or an absolute path.
  virtual std::string name() const = 0;
  /// What is seen, and by which weights: vectors of one identity are comparable, of two never.
  virtual std::string identity() const = 0;
  /// By which arithmetic: vectors of one identity are near, not equal, where this differs, so that what is kept of one
  /// run is not used for another. Like "bf16 on cuda".
  virtual std::string arithmetic() const { return {}; }
  /// What, besides the name, is needed to open it again: the architecture of weights that have no card, kTorchScript of
  /// a module; else empty.
  virtual std::string architecture() const { return {}; }
  /// Values of a vector.
  virtual std::int64_t dimensions() const = 0;
  /// Images that embed() is given at a time.
  virtual std::int64_t batch() const = 0;
  /// To which images are resized before they are embedded, for reduced decoding.
  virtual PixelSize resized_to() const = 0;
  /// An image [h, w, 1 or 3] as embed() takes it; the same length for every image. Called by several workers at once.
  virtual std::vector<std::uint8_t> prepare(View<const std::uint8_t, 3> image) const = 0;
  /// What prepare() gave for 1 to batch() images becomes [k, dimensions()], the same vector for an image whatever is
  /// embedded with it. One call at a time.
  virtual void embed(std::span<const std::vector<std::uint8_t>> prepared, View<float, 2> vectors) = 0;
};

}  // namespace simile
