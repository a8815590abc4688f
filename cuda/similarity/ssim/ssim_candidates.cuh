// SPDX-License-Identifier: Apache-2.0
#pragma once

// The pairs that pools leave (ssim_pools.cuh), evaluated one by one, as far as the floor can still be reached.

#include <cstdint>

#include "cuda/similarity/score.cuh"
#include "cuda/similarity/ssim/ssim_pools.cuh"
#include "cuda/similarity/ssim/team_ssim.cuh"

namespace simile::cuda {

/// The definition, given up after a row of pools where what is to come cannot make up for what is missing
/// (SsimPools::least_sums).
struct CandidateSsim {
  TeamSsim ssim;
  PoolRows left;
  PoolRows right;
  PoolGrid grid;
  double floor;

  /// The similarity, or -INFINITY where that is surely below the floor; the first thread's.
  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    __shared__ double shared[kThreads / kTeam][kSsimMaxPools];
    double* const least = shared[threadIdx.x / kTeam];
    make_least_sums(pair, team, least);
    double partial = 0;
    for (int pools = 0, row = 0; pools < grid.rows(); ++pools) {
      for (; row < grid.row_ends[pools]; ++row) ssim.add_row(pair, row, team.lane, partial);
      if (team.agree(team.sum(partial) < least[pools])) return -INFINITY;
    }
    return team.sum(partial) / ssim.count();
  }

 private:
  /// least[row of pools]: what the windows up to its end add up to at least where the floor is reached.
  __device__ void make_least_sums(const ScoredPair& pair, const Team& team, double* least) const {
    const int rows = grid.rows();
    __syncwarp(team.mask);  // what is there is read no more
    for (int row = team.lane; row < rows; row += kTeam) least[row] = 0;
    __syncwarp(team.mask);
    const float* const x = left.of(pair.left);
    const float* const y = right.of(pair.right);
    for (int place = team.lane; place < grid.count; place += kTeam) {
      const std::int64_t at = place / kSsimPoolGroup * kGroupFloats + place % kSsimPoolGroup;
      atomicAdd(least + grid.order[place] / grid.columns, static_cast<double>(pool_deficit(x + at, y + at)));
    }
    __syncwarp(team.mask);
    if (team.lane == 0) {
      const double count = ssim.count();
      const double width = count / grid.row_ends[rows - 1];
      double rest = 0;  // deficits of the rows below
      for (int row = rows - 1; row >= 0; --row) {
        const double deficit = least[row];
        const double to_come = width * (grid.row_ends[rows - 1] - grid.row_ends[row]) - rest;
        least[row] = (floor - kSsimPoolBand) * count - to_come;
        rest += deficit;
      }
    }
    __syncwarp(team.mask);
  }
};

/// Shows the candidates' exact similarities to the sink, where there are at most `most`; not those that are surely
/// below the floor, nor those of which the sink knows enough.
template <class Sink>
__global__ void show_candidates(CandidateList candidates, unsigned long long most, CandidateSsim ssim, Cores cores,
                                Sink sink) {
  if (*candidates.count > most) return;
  const Team team = Team::here();
  const auto count = static_cast<std::int64_t>(*candidates.count);
  const std::int64_t teams = static_cast<std::int64_t>(gridDim.x) * (kThreads / kTeam);
  for (std::int64_t k = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam; k < count;
       k += teams) {
    const ScoredPair pair{candidates.pairs[k].row, candidates.pairs[k].col, -INFINITY, INFINITY};
    if (!team.agree(team.lane == 0 && sink.wants(pair))) continue;
    const double similarity = cores.bound(pair.left, pair.right, ssim(pair, team));
    if (team.lane == 0 && similarity >= ssim.floor) sink.see(pair.left, pair.right, similarity, similarity);
  }
}

}  // namespace simile::cuda
