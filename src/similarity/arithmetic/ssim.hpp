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

// SSIM from pools of windows. For a pool of n windows and one image let M, Q, V, T be the sums of Sx, Sx^2, Vx,
// sqrt(Vx), and A1, A2, R those of a1, a2, r: the coefficients of the window along its two gradients (gradient_scale
// times the sum of distance from the middle column, or row, times pixel; so a1^2 + a2^2 <= Vx) and the rest, sqrt(Vx -
// a1^2 - a2^2). The sum of 1 - S over the pool is at least (docs/algorithms.md, "SSIM pools")
//   max{ (Mx - My)^2 / (Qx + Qy + n c1),
//        max{ (Tx - Ty)^2, ((A1x - A1y)^2 + (A2x - A2y)^2 + (Rx - Ry)^2) / 2 } / (Vx + Vy + n c2) }.
/// Sums that are kept of a pool: M, Q + n c1 / 2, T, V + n c2 / 2, A1, A2, R.
constexpr int kSsimPoolSums = 7;
/// 7 / 14, as the weights -3 .. 3 of a gradient have the norm sqrt(7 * 28) = 14 and variances are 49-fold.
constexpr double kSsimGradientScale = 0.5;
/// Pools whose sums lie beside each other, whatever the level.
constexpr std::int64_t kSsimPoolGroup = 16;
/// Most pools of an image, side by side.
constexpr std::int64_t kSsimMaxPools = 24;

/// By how much a mean SSIM, bounded from above by pools in single precision, may exceed the true bound: 13 u for the
/// pools, 150 u for the sum of at most 576 of them, 1 u for the definition; the rest is to spare.
constexpr double kSsimPoolBand = 256 * kFloatRoundoff;

}  // namespace simile
