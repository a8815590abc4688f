// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "simile/core/view.hpp"

namespace simile {

/// The definitions of docs/definitions.md as plainly as they can be written, in double precision or better, sharing no
/// code with the product. Slow on purpose; checked against hand-worked values in oracle_test.cpp.

/// SSIM of two grey images of one size: 7x7 uniform windows, K1 .01, K2 .03, range 255, sample covariance, mean over
/// the windows that fit. Throws invalid_argument for unequal sizes and for images smaller than the window.
double oracle_ssim(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b);

/// The same with Gaussian windows: 11x11 weights proportional to exp(-r^2 / (2 1.5^2)) that sum to 1, (co)variances not
/// scaled up.
double oracle_ssim_gaussian(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b);

/// dot / sqrt(norms), in [-1, 1]; exactly 1 for identical rows; -infinity when a row is zero.
double oracle_cosine(std::span<const float> a, std::span<const float> b);

/// -sum (a - b)^2.
double oracle_euclidean(std::span<const float> a, std::span<const float> b);

/// 1 - min(1, sum (a - b)^2 / sqrt(sum a^2 sum b^2)) of two images [height, width, 3]; 1 when both are black, 0 when
/// one is.
double oracle_template(View<const std::uint8_t, 3> a, View<const std::uint8_t, 3> b);

/// (bits - differing) / bits over the first `bits` bits of each byte string, most significant first.
double oracle_hamming(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, std::int64_t bits);

/// Equal positions / positions of two signatures; -infinity when one holds nothing but 2^32 - 1.
double oracle_minhash(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

/// Two descriptors that are each other's nearest.
struct OrbMatch {
  std::int64_t left = 0;
  std::int64_t right = 0;
  std::int64_t distance = 0;
  friend bool operator==(const OrbMatch&, const OrbMatch&) = default;
};

/// Cross-checked matches of descriptors [n, bytes], ties to the lowest index, left ones ascending.
std::vector<OrbMatch> oracle_orb_matches(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b);

/// Share of the matches whose distance is below 0.75 of the largest; 1 when that is 0, -infinity when there are none.
double oracle_orb(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b);

/// The smallest item of each item's connected component.
std::vector<std::int64_t> oracle_components(std::int64_t num_items,
                                            std::span<const std::pair<std::int64_t, std::int64_t>> edges);

}  // namespace simile
