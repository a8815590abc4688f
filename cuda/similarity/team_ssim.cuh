// SPDX-License-Identifier: Apache-2.0
#pragma once

// The definitions of SSIM as a team evaluates them: thread k has partial sum k, the windows of columns k, k + 16, ...,
// rows ascending, as the host adds them up.

#include <cstdint>

#include "cuda/similarity/grey_rows.cuh"
#include "cuda/similarity/score.cuh"
#include "similarity/arithmetic/ssim.hpp"
#include "similarity/arithmetic/ssim_gaussian.hpp"

namespace simile::cuda {

struct TeamSsim {
  GreyRows left;
  GreyRows right;

  __device__ int rows() const { return left.height - kSide + 1; }
  __device__ int columns() const { return left.width - kSide + 1; }
  /// Windows of an image.
  __device__ double count() const { return static_cast<double>(columns()) * static_cast<double>(rows()); }

  /// Adds the windows of a row that belong to partial sum `lane`.
  __device__ void add_row(const ScoredPair& pair, int row, int lane, double& partial) const {
    const std::uint8_t* const x = left.image(pair.left);
    const std::uint8_t* const y = right.image(pair.right);
    for (int column = lane; column < columns(); column += kTeam) {
      std::int32_t sum_x = 0;
      std::int32_t sum_y = 0;
      std::int32_t xx = 0;
      std::int32_t yy = 0;
      std::int32_t xy = 0;
      for (int line = row; line < row + kSide; ++line) {
        const std::int64_t at = static_cast<std::int64_t>(line) * left.width + column;
        for (int k = 0; k < kSide; ++k) {
          const std::int32_t a = x[at + k];
          const std::int32_t b = y[at + k];
          sum_x += a;
          sum_y += b;
          xx += a * a;
          yy += b * b;
          xy += a * b;
        }
      }
      partial += ssim_window(sum_x, sum_y, 49 * xx - sum_x * sum_x, 49 * yy - sum_y * sum_y, 49 * xy - sum_x * sum_y);
    }
  }

  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    double partial = 0;
    for (int row = 0; row < rows(); ++row) add_row(pair, row, team.lane, partial);
    return team.sum(partial) / count();
  }

 private:
  static constexpr int kSide = 7;
};

struct TeamGaussian {
  GreyRows left;
  GreyRows right;

  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    constexpr int kTaps = 11;
    constexpr int kMaps = 5;  // x, y, x x, y y, x y
    constexpr int kColumns = kTeam + kTaps - 1;
    __shared__ double shared[kThreads / kTeam][kMaps][kColumns];
    double(&sums)[kMaps][kColumns] = shared[threadIdx.x / kTeam];
    const std::uint8_t* const x = left.image(pair.left);
    const std::uint8_t* const y = right.image(pair.right);
    const int width = left.width;
    const int rows = left.height - kTaps + 1;
    const int columns = width - kTaps + 1;
    double partial = 0;
    for (int row = 0; row < rows; ++row) {
      for (int first = 0; first < columns; first += kTeam) {
        for (int k = team.lane; k < kColumns && first + k < width; k += kTeam) {
          const std::int64_t at = static_cast<std::int64_t>(row) * width + first + k;
          const auto a = [&](int line) { return x[at + static_cast<std::int64_t>(line) * width] - kGaussianCentre; };
          const auto b = [&](int line) { return y[at + static_cast<std::int64_t>(line) * width] - kGaussianCentre; };
          sums[0][k] = gaussian_sum(a);
          sums[1][k] = gaussian_sum(b);
          sums[2][k] = gaussian_sum([&](int line) { return a(line) * a(line); });
          sums[3][k] = gaussian_sum([&](int line) { return b(line) * b(line); });
          sums[4][k] = gaussian_sum([&](int line) { return a(line) * b(line); });
        }
        __syncwarp(team.mask);
        if (first + team.lane < columns) {
          double means[kMaps];
          for (int map = 0; map < kMaps; ++map) {
            means[map] = gaussian_sum([&](int k) { return sums[map][team.lane + k]; });
          }
          partial += gaussian_window(means[0], means[1], means[2], means[3], means[4]);
        }
        __syncwarp(team.mask);
      }
    }
    return team.sum(partial) / (static_cast<double>(columns) * static_cast<double>(rows));
  }
};

}  // namespace simile::cuda
