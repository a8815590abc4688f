// SPDX-License-Identifier: Apache-2.0
#pragma once

// The arithmetic that decides: exact evaluations and the bands of the screens. Compiled for the host at every SIMD
// level and for devices, without contraction or fast-math, so that each gives the same double. Internal linkage
// everywhere: a copy compiled for a newer instruction set must never stand in for another.

#include <cstdint>

#if defined(__CUDACC__)
#define SIMILE_SHARED static __host__ __device__ inline
#else
#define SIMILE_SHARED [[maybe_unused]] static inline
#endif

namespace simile {

/// Unit roundoff of float.
constexpr double kFloatRoundoff = 0x1p-24;

/// Partial sums that an exact evaluation keeps; term k goes to partial sum k % 16.
constexpr int kPartialSums = 16;

/// Adds up partial sums along a fixed tree.
SIMILE_SHARED double sum_tree(const double* partial) {
  double half[8];
  for (int k = 0; k < 8; ++k) half[k] = partial[k] + partial[k + 8];
  for (int k = 0; k < 4; ++k) half[k] = half[k] + half[k + 4];
  return (half[0] + half[2]) + (half[1] + half[3]);
}

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

/// Half width of the interval around the single-precision product of two normalised rows of `dimensions` values, summed
/// in blocks of `block` (docs/algorithms.md, "cosine screen").
SIMILE_SHARED double cosine_band(std::int64_t dimensions, std::int64_t block) {
  const std::int64_t in_block = dimensions < block ? dimensions : block;
  const std::int64_t blocks = (dimensions + block - 1) / block;
  const double steps = static_cast<double>(in_block + blocks + 1);
  const double rounding = 2.001 * kFloatRoundoff;                                            // of both rows
  const double accumulation = 1.01 * steps * kFloatRoundoff;                                 // of the sum
  const double definition = static_cast<double>(dimensions + 64) * 0x1p-53;                  // of the double sums
  return rounding + accumulation + definition + static_cast<double>(dimensions) * 0x1p-120;  // underflow
}

/// Share of equal bits.
SIMILE_SHARED double hamming_similarity(std::int64_t bits, std::int64_t differing) {
  return static_cast<double>(bits - differing) / static_cast<double>(bits);
}

}  // namespace simile
