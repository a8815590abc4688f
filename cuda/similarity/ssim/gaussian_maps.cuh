// SPDX-License-Identifier: Apache-2.0
#pragma once

// What SSIM with Gaussian windows takes of each image alone, once for all its pairs.

#include <cstdint>

#include "cuda/core/buffer.hpp"
#include "cuda/similarity/score.cuh"
#include "cuda/similarity/ssim/grey_rows.cuh"
#include "similarity/arithmetic/ssim_gaussian.hpp"

namespace simile::cuda {

inline constexpr int kGaussianTaps = 11;
/// Columns that a team keeps the sums of: its windows' and those beside them, of which the last ten serve again.
inline constexpr int kTeamColumns = 2 * kTeam;
static_assert(kTeam + kGaussianTaps - 1 <= kTeamColumns);

/// Weighted means of a window, of x and x x, x less kGaussianCentre: as the definition has them, bit for bit.
struct __align__(16) GaussianMoments {
  double mean;
  double squares;

  __device__ double variance() const { return squares - mean * mean; }
};

/// Of one block's images.
struct GaussianMaps {
  const GaussianMoments* moments;  ///< [image, row, column] of windows
  const std::uint8_t* centres;     ///< [image, row]: levels that the screen takes from a row's pixels
  const double* reaches;           ///< [image]: sum of gaussian_reach() of all windows about their centres
  std::int64_t begin;
  int rows;
  int columns;

  __device__ const GaussianMoments* row(std::int64_t item, int row) const {
    return moments + ((item - begin) * rows + row) * columns;
  }
  __device__ int centre(std::int64_t item, int row) const { return centres[(item - begin) * rows + row]; }
  /// The root of the mean reach. Sums of rounded variances are never taken for less than nothing.
  __device__ double reach(std::int64_t item) const {
    return sqrt(fmax(0.0, reaches[item - begin]) / (static_cast<double>(rows) * static_cast<double>(columns)));
  }
};

/// One block's images with their maps.
struct GaussianSide {
  GreyRows images;
  GaussianMaps maps;
};

/// For each column of a team's windows from `first` on, ascending by kTeam from 0, that has not been summed yet.
template <class Add>
__device__ inline void for_each_new_column(int first, int width, const Team& team, Add&& add) {
  for (int column = (first == 0 ? 0 : first + kGaussianTaps - 1) + team.lane;
       column < min(width, first + kTeam + kGaussianTaps - 1); column += kTeam) {
    add(column);
  }
}

/// The weighted sum of a row of eleven columns' sums.
__device__ inline double sum_columns(const double (&sums)[kTeamColumns], int column) {
  return gaussian_sum([&](int k) { return sums[(column + k) % kTeamColumns]; });
}

/// A pixel less kGaussianCentre.
__device__ inline int centred(std::uint8_t pixel) { return pixel - static_cast<int>(kGaussianCentre); }

/// One row of windows a team. Reaches are 0 before.
[[maybe_unused]] static __global__ void measure_windows(GreyRows images, std::int64_t count, GaussianMaps maps,
                                                        GaussianMoments* moments, std::uint8_t* centres,
                                                        double* reaches) {
  __shared__ double shared[kThreads / kTeam][2][kTeamColumns];
  auto& sums = shared[threadIdx.x / kTeam];
  const Team team = Team::here();
  const std::int64_t teams = static_cast<std::int64_t>(gridDim.x) * (kThreads / kTeam);
  for (std::int64_t k = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam; k < count * maps.rows;
       k += teams) {
    const std::uint8_t* const pixels =
        images.image(images.begin + k / maps.rows) + k % maps.rows * static_cast<std::int64_t>(images.width);
    GaussianMoments* const out = moments + k * maps.columns;
    double sum = 0;
    double weights = 0;
    for (int first = 0; first < maps.columns; first += kTeam) {
      for_each_new_column(first, images.width, team, [&](int column) {
        const auto at = [&](int line) {
          return centred(pixels[static_cast<std::int64_t>(line) * images.width + column]);
        };
        sums[0][column % kTeamColumns] = gaussian_sum(at);
        sums[1][column % kTeamColumns] = gaussian_sum([&](int line) { return at(line) * at(line); });
      });
      __syncwarp(team.mask);
      if (const int column = first + team.lane; column < maps.columns) {
        const GaussianMoments window{sum_columns(sums[0], column), sum_columns(sums[1], column)};
        out[column] = window;
        const double weight = 1 / (window.variance() + kGaussianC2 / 2);
        sum += weight * window.mean;
        weights += weight;
      }
      __syncwarp(team.mask);
    }
    // The whole number about which the row's reaches are smallest, as the host chooses it for a patch.
    sum = team.sum(sum);
    weights = team.sum(weights);
    const int centre = __shfl_sync(team.mask, static_cast<int>(sum / weights + (kGaussianCentre + 0.5)), 0, kTeam);
    double reach = 0;
    for (int column = team.lane; column < maps.columns; column += kTeam) {
      const GaussianMoments& window = out[column];  // this thread's own
      reach += gaussian_reach(window.mean - (centre - kGaussianCentre), window.variance());
    }
    reach = team.sum(reach);
    if (team.lane != 0) continue;
    centres[k] = static_cast<std::uint8_t>(centre);
    atomicAdd(reaches + k / maps.rows, reach);
  }
}

/// Owns the maps of one block's images.
class GaussianMapMemory {
 public:
  /// Of images of height x width.
  static std::int64_t bytes_per_item(std::int64_t height, std::int64_t width) {
    const std::int64_t rows = height - kGaussianTaps + 1;
    return rows * (width - kGaussianTaps + 1) * static_cast<std::int64_t>(sizeof(GaussianMoments)) + rows +
           static_cast<std::int64_t>(sizeof(double));
  }

  void reserve(std::int64_t count, std::int64_t height, std::int64_t width, const Stream& stream) {
    const std::int64_t rows = height - kGaussianTaps + 1;
    // What is there goes first: both were more than was planned with.
    *this = GaussianMapMemory();
    moments_ = DeviceBuffer<GaussianMoments>(count * rows * (width - kGaussianTaps + 1), stream);
    centres_ = DeviceBuffer<std::uint8_t>(count * rows, stream);
    reaches_ = DeviceBuffer<double>(count, stream);
  }
  /// Of the first `count` of the images; queued.
  void measure(const Gpu& gpu, const GreyRows& images, std::int64_t count) {
    maps_ = {moments_.data(),
             centres_.data(),
             reaches_.data(),
             images.begin,
             images.height - kGaussianTaps + 1,
             images.width - kGaussianTaps + 1};
    fill_zero(reaches_.data(), count, gpu.stream());
    launch(gpu.stream(), striding_grid(gpu, count * maps_.rows, kThreads / kTeam), dim3(kThreads), measure_windows,
           images, count, maps_, moments_.data(), centres_.data(), reaches_.data());
  }
  const GaussianMaps& maps() const { return maps_; }

 private:
  DeviceBuffer<GaussianMoments> moments_;
  DeviceBuffer<std::uint8_t> centres_;
  DeviceBuffer<double> reaches_;
  GaussianMaps maps_{};
};

}  // namespace simile::cuda
