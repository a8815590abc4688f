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

/// Windows a row that the screen adds up in single precision before it goes on in double.
constexpr std::int64_t kSsimRowSum = 64;

/// c2 as the screen has it: an integer.
constexpr std::int32_t kSsimC2Screen = 137645;

/// Half width of the interval around the screen's mean SSIM (docs/algorithms.md, "SSIM screen"): 26 u for a window, 17
/// u for the running sum of at most kSsimRowSum of them, 2 u for sums in double and for what the definition itself may
/// be off; the rest is to spare.
constexpr double kSsimBand = 48 * kFloatRoundoff + 1e-12;

}  // namespace simile
