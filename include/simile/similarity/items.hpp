// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "simile/core/view.hpp"

namespace simile {

// What a metric compares, as it lies on the host (vectors: or on a GPU): all that a backend needs to compare it
// elsewhere. Of one set the right side is the left one: the same pointers.

/// Rows of float32 [n, d], compared by cosine or Euclidean distance, and their squared norms by the definition's sums:
/// null of rows on a GPU.
struct VectorItems {
  enum class Kind : unsigned char { cosine, euclidean };
  Kind kind;
  View<const float, 2> left;
  View<const float, 2> right;
  const double* left_norms;
  const double* right_norms;
};

/// Codes of `bits` bits in 64-bit words [n, words], bits after the last one 0, compared by Hamming distance.
struct CodeItems {
  std::int64_t bits;
  View<const std::uint64_t, 2> left;
  View<const std::uint64_t, 2> right;
};

/// Minhash signatures [n, 128].
struct SignatureItems {
  View<const std::uint32_t, 2> left;
  View<const std::uint32_t, 2> right;
};

/// ORB descriptors of all images, each as a code of 256 bits in 64-bit words [m, words], in an order of bits that is
/// the same for all; those of image k lie from offsets[k] to offsets[k + 1].
struct DescriptorItems {
  struct Side {
    View<const std::uint64_t, 2> codes;
    std::span<const std::int64_t> offsets;
    std::int64_t most;  ///< descriptors of one image
  };
  Side left;
  Side right;
};

/// Grey images [n, height, width], compared by SSIM with uniform or Gaussian windows.
struct GreyItems {
  enum class Window : unsigned char { uniform, gaussian };
  Window window;
  View<const std::uint8_t, 3> left;
  View<const std::uint8_t, 3> right;
};

/// Colour images [n, height, width, 3], compared by template matching.
struct ColourItems {
  View<const std::uint8_t, 4> left;
  View<const std::uint8_t, 4> right;
};

/// Valid as long as the metric and its features.
struct MetricItems {
  /// Nothing of a metric that is compared on the host only.
  std::variant<std::monostate, VectorItems, CodeItems, SignatureItems, DescriptorItems, GreyItems, ColourItems> sides{};
  /// Where not empty, a pair's similarity is at most that of either item's core (MutualReachability).
  std::span<const double> left_cores{};
  std::span<const double> right_cores{};
};

}  // namespace simile
