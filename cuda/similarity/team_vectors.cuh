// SPDX-License-Identifier: Apache-2.0
#pragma once

// The definitions of cosine and Euclidean distance as a team evaluates them: thread k has partial sum k, in the order
// in which the host adds it up.

#include <cstdint>

#include "cuda/similarity/score.cuh"

namespace simile::cuda {

/// Rows of one block on the device.
struct TeamRows {
  const float* rows;
  const double* norms;
  std::int64_t begin;
  std::int64_t dimensions;

  __device__ const float* row(std::int64_t item) const { return rows + (item - begin) * dimensions; }
  __device__ double norm(std::int64_t item) const { return norms[item - begin]; }
};

struct TeamCosine {
  TeamRows left;
  TeamRows right;

  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    const double norm_left = left.norm(pair.left);
    const double norm_right = right.norm(pair.right);
    if (norm_left == 0 || norm_right == 0) return -INFINITY;
    const float* const x = left.row(pair.left);
    const float* const y = right.row(pair.right);
    double partial = 0;
    bool same = true;
    for (std::int64_t k = team.lane; k < left.dimensions; k += kTeam) {
      partial += static_cast<double>(x[k]) * static_cast<double>(y[k]);
      same = same && x[k] == y[k];
    }
    if (team.all(same)) return 1;
    const double cosine = team.sum(partial) / sqrt(norm_left * norm_right);
    return fmax(-1.0, fmin(1.0, cosine));
  }
};

struct TeamEuclidean {
  TeamRows left;
  TeamRows right;

  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    const float* const x = left.row(pair.left);
    const float* const y = right.row(pair.right);
    double partial = 0;
    for (std::int64_t k = team.lane; k < left.dimensions; k += kTeam) {
      const double difference = static_cast<double>(x[k]) - static_cast<double>(y[k]);
      partial += difference * difference;
    }
    return 0 - team.sum(partial);
  }
};

}  // namespace simile::cuda
