// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace simile {

/// What a fit of a linear probe has found out about the curvature of its loss, for the next fit to nearly the same
/// labels: it decides how fast a minimum is found.
struct ProbeCurvature {
  std::int64_t dimensions = 0;
  std::int64_t labels = 0;    ///< it was made for
  double c = 0;               ///< as in ProbeOptions
  std::vector<float> factor;  ///< of an approximate Hessian: its Cholesky factor, rows of the lower part

  /// Whether there is as much as the dimensions say, all of it finite, the diagonal positive.
  bool is_whole() const;
};

/// Vectors of more values are not worth keeping it (8 MB).
inline constexpr std::int64_t kMaxCurvatureDimensions = 2048;

/// Writes curvature.state into `folder`. Throws io.
void write_curvature(const std::filesystem::path& folder, const ProbeCurvature& curvature);
/// Null when `folder` has none, or one that is damaged (its checksum tells) or too large: then it is made anew.
std::shared_ptr<const ProbeCurvature> read_curvature(const std::filesystem::path& folder);

}  // namespace simile
