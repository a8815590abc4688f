// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

// SSIM. A window of 49 pixels gives integers: sums Sx, Sy <= 49 * 255, scaled variances Vx = 49 Sxx - Sx^2 and
// covariance C = 49 Sxy - Sx Sy, all below 2^28. With K1 = .01, K2 = .03, L = 255 and the sample covariance (49 / 48),
//   S = (2 Sx Sy + c1) (2 C + c2) / ((Sx^2 + Sy^2 + c1) (Vx + Vy + c2)),  c1 = 49^2 (K1 L)^2,  c2 = 49 * 48 (K2 L)^2.
constexpr double kSsimC1 = 2401 * 6.5025;
constexpr double kSsimC2 = 2352 * 58.5225;

/// SSIM of one window; the integers are exact in double, so six operations round.
SIMILE_SHARED double ssim_window(double sum_x, double sum_y, double variance_x, double variance_y, double covariance) {
  const double luminance = 2 * (sum_x * sum_y) + kSsimC1;
  const double structure = 2 * covariance + kSsimC2;
  const double luminance_norm = (sum_x * sum_x + sum_y * sum_y) + kSsimC1;
  const double structure_norm = (variance_x + variance_y) + kSsimC2;
  return (luminance * structure) / (luminance_norm * structure_norm);
}

/// Half width of the interval around the single-precision mean SSIM of an image with `columns` windows a row, at most
/// 2^24 (docs/algorithms.md, "SSIM screen"): 13 u for a window; (columns + 1) / 2 u for a row's running sum, whose
/// terms of higher order 1 + 2 columns u covers; and 3 u to spare for what the double-precision definition itself may
/// be off.
SIMILE_SHARED double ssim_band(std::int64_t columns) {
  const double m = static_cast<double>(columns);
  return kFloatRoundoff * (16 + 0.5 * (m + 1) * (1 + 2 * m * kFloatRoundoff)) + 1e-12;
}

}  // namespace simile
