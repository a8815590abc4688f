// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace simile {

/// A value and its gradient at a point.
using Objective = std::function<double(const std::vector<float>& point, std::vector<float>& gradient)>;
/// Multiplies by an approximate inverse of the Hessian, up to a factor, in place.
using Preconditioner = std::function<void(std::vector<float>& vector)>;

struct LbfgsOptions {
  double tolerance = 1e-5;  ///< stop when the next step promises less of a decrease
  std::int64_t max_evaluations = 1000;
  int memory = 10;
};

struct LbfgsResult {
  double value = 0;
  std::int64_t evaluations = 0;
  bool converged = false;  ///< else the limit, or single precision, ended it
};

/// Minimises a smooth convex function from `point`, which becomes the best point found. Nocedal & Wright, Numerical
/// Optimization, algorithms 7.4 and 7.5, with the preconditioner as the initial matrix. Throws model when the value at
/// the start is not finite.
LbfgsResult minimise(const Objective& objective, const Preconditioner& precondition, const LbfgsOptions& options,
                     std::vector<float>& point);

}  // namespace simile
