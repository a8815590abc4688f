// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

// SSIM with Gaussian windows of 11x11 pixels, sigma 1.5: with weighted means m, E[.] and L = 255, K1 = .01, K2 = .03,
//   S = (2 mx my + c1) (2 C + c2) / ((mx^2 + my^2 + c1) (Vx + Vy + c2)),  c1 = (K1 L)^2,  c2 = (K2 L)^2,
// with C = E[x y] - mx my, Vx = E[x x] - mx^2. The weights are the product of two rows of eleven.
constexpr double kGaussianC1 = 6.5025;
constexpr double kGaussianC2 = 58.5225;

/// Weights of a pixel by its distance to the window's centre: exp(-d^2 / (2 1.5^2)), normalised. The very doubles that
/// scipy's gaussian_filter1d uses, written out because exp() is not the same everywhere.
constexpr double kGaussianWeights[6] = {0x1.106560aa892c0p-2, 0x1.b43c3f52b19f2p-3, 0x1.bff0fe8e98418p-4,
                                        0x1.26eb175d83f67p-5, 0x1.f1fe01ae5a5b8p-8, 0x1.0d956b52a1d70p-10};

/// What is taken from every pixel first. No score depends on it; products are a quarter as large then, and so is what
/// rounding leaves of a difference of them.
constexpr double kGaussianCentre = 128;

/// Weighted sum of the eleven values at(0) .. at(10), in a fixed order; of doubles, or of vectors of them.
template <class At>
SIMILE_SHARED auto gaussian_sum(At&& at) {
  // As numbers: devices have no host's arrays.
  constexpr double w0 = kGaussianWeights[0];
  constexpr double w1 = kGaussianWeights[1];
  constexpr double w2 = kGaussianWeights[2];
  constexpr double w3 = kGaussianWeights[3];
  constexpr double w4 = kGaussianWeights[4];
  constexpr double w5 = kGaussianWeights[5];
  auto sum = w0 * at(5);
  sum += w5 * (at(0) + at(10));
  sum += w4 * (at(1) + at(9));
  sum += w3 * (at(2) + at(8));
  sum += w2 * (at(3) + at(7));
  sum += w1 * (at(4) + at(6));
  return sum;
}

/// SSIM of one window from weighted means of x, y, x x, y y and x y, x and y less kGaussianCentre. Of x and y the same,
/// numerator and denominator are the same double.
SIMILE_SHARED double gaussian_window(double x, double y, double xx, double yy, double xy) {
  const double mean_x = x + kGaussianCentre;
  const double mean_y = y + kGaussianCentre;
  const double luminance = 2 * (mean_x * mean_y) + kGaussianC1;
  const double structure = 2 * (xy - x * y) + kGaussianC2;
  const double luminance_norm = (mean_x * mean_x + mean_y * mean_y) + kGaussianC1;
  const double structure_norm = ((xx - x * x) + (yy - y * y)) + kGaussianC2;
  return (luminance * structure) / (luminance_norm * structure_norm);
}

/// Windows a row that the screen adds up in single precision before it goes on in double.
constexpr std::int64_t kGaussianRowSum = 32;

/// How far rounding reaches in a window of one image: E[x x] / (Vx + c2 / 2), x less any centre. A screen's error in
/// 2 C is proportional to it, and its mean over the windows of both images bounds a pair's.
SIMILE_SHARED double gaussian_reach(double mean, double variance) {
  return (variance + mean * mean) / (variance + kGaussianC2 / 2);
}

/// Half width of the interval around the screen's mean SSIM, from the roots of both images' mean reaches
/// (docs/algorithms.md, "Gaussian SSIM screen"): 25 u for a window, 17 u for the running sum of at most kGaussianRowSum
/// of them, 2 u for sums in double; 19 u for each unit of reach; 1e-10 for what double precision leaves.
SIMILE_SHARED double gaussian_band(double left_reach, double right_reach) {
  return (46 + 20 * left_reach * right_reach) * kFloatRoundoff + 1e-10;
}

}  // namespace simile
