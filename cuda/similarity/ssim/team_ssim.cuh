// SPDX-License-Identifier: Apache-2.0
#pragma once

// The definitions of SSIM as a team evaluates them: thread k has partial sum k, the windows of columns k, k + 16, ...,
// rows ascending, as the host adds them up.

#include <cstdint>

#include "cuda/similarity/score.cuh"
#include "cuda/similarity/ssim/gaussian_maps.cuh"
#include "cuda/similarity/ssim/grey_rows.cuh"
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

/// Of what the images' maps hold, a pair needs the weighted means of its products only.
struct TeamGaussian {
  GaussianSide left;
  GaussianSide right;

  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    __shared__ double shared[kThreads / kTeam][kTeamColumns];
    double(&sums)[kTeamColumns] = shared[threadIdx.x / kTeam];
    const std::uint8_t* const x = left.images.image(pair.left);
    const std::uint8_t* const y = right.images.image(pair.right);
    const int rows = left.maps.rows;
    const int columns = left.maps.columns;
    double partial = 0;
    for (int row = 0; row < rows; ++row) {
      const GaussianMoments* const of_x = left.maps.row(pair.left, row);
      const GaussianMoments* const of_y = right.maps.row(pair.right, row);
      for (int first = 0; first < columns; first += kTeam) {
        for_each_new_column(first, left.images.width, team, [&](int column) {
          sums[column % kTeamColumns] = gaussian_sum([&](int line) {
            const std::int64_t at = static_cast<std::int64_t>(row + line) * left.images.width + column;
            return centred(x[at]) * centred(y[at]);
          });
        });
        __syncwarp(team.mask);
        if (const int column = first + team.lane; column < columns) {
          const GaussianMoments a = of_x[column];
          const GaussianMoments b = of_y[column];
          partial += gaussian_window(a.mean, b.mean, a.squares, b.squares, sum_columns(sums, column));
        }
        __syncwarp(team.mask);
      }
    }
    return team.sum(partial) / (static_cast<double>(columns) * static_cast<double>(rows));
  }
};

}  // namespace simile::cuda
