// SPDX-License-Identifier: Apache-2.0
#include "train/lbfgs.hpp"

#include <array>
#include <cmath>
#include <deque>
#include <utility>

#include "simile/core/error.hpp"

namespace simile {
namespace {

// A decrease of less than this share of what the slope promises is no step (Armijo).
constexpr double kSufficient = 1e-4;
constexpr int kMaxHalvings = 25;

double dot(const std::vector<float>& x, const std::vector<float>& y) {
  std::array<double, 8> sums{};
  std::size_t k = 0;
  for (; k + 8 <= x.size(); k += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += static_cast<double>(x[k + lane]) * y[k + lane];
  }
  for (; k < x.size(); ++k) sums[0] += static_cast<double>(x[k]) * y[k];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

void add(std::vector<float>& target, double factor, const std::vector<float>& source) {
  const auto scale = static_cast<float>(factor);
  for (std::size_t k = 0; k < target.size(); ++k) target[k] += scale * source[k];
}

/// A step, the change of the gradient along it, and what they say of the curvature.
struct Pair {
  std::vector<float> step;
  std::vector<float> change;
  double curvature = 0;  ///< step . change
  double scale = 0;      ///< curvature / change . P change, P the preconditioner
};

/// The quasi-Newton direction, against the gradient.
std::vector<float> direction_of(const std::vector<float>& gradient, const std::deque<Pair>& pairs,
                                const Preconditioner& precondition) {
  std::vector<float> direction = gradient;
  std::vector<double> factors(pairs.size());
  for (std::size_t k = pairs.size(); k-- > 0;) {
    factors[k] = dot(pairs[k].step, direction) / pairs[k].curvature;
    add(direction, -factors[k], pairs[k].change);
  }
  precondition(direction);
  const double scale = pairs.empty() ? 1 : pairs.back().scale;
  for (auto& value : direction) value = static_cast<float>(scale * value);
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    add(direction, factors[k] - dot(pairs[k].change, direction) / pairs[k].curvature, pairs[k].step);
  }
  for (auto& value : direction) value = -value;
  return direction;
}

}  // namespace

LbfgsResult minimise(const Objective& objective, const Preconditioner& precondition, const LbfgsOptions& options,
                     std::vector<float>& point) {
  LbfgsResult result;
  std::vector<float> gradient(point.size());
  std::vector<float> next_gradient(point.size());
  std::deque<Pair> pairs;
  result.value = objective(point, gradient);
  result.evaluations = 1;
  if (!std::isfinite(result.value)) throw Error(ErrorCode::model, "the loss at the start of the fit is not finite");
  while (result.evaluations < options.max_evaluations) {
    const std::vector<float> direction = direction_of(gradient, pairs, precondition);
    const double slope = dot(gradient, direction);
    // To second order, the minimum lies slope / 2 below.
    if (!pairs.empty() && -0.5 * slope < options.tolerance) {
      result.converged = true;
      break;
    }
    if (!(slope < 0)) break;
    double length = 1;
    std::vector<float> next;
    double value = 0;
    bool found = false;
    for (int halving = 0; halving < kMaxHalvings && result.evaluations < options.max_evaluations; ++halving) {
      next = point;
      add(next, length, direction);
      value = objective(next, next_gradient);
      ++result.evaluations;
      found = std::isfinite(value) && value <= result.value + kSufficient * length * slope;
      if (found) break;
      length /= 2;
    }
    if (!found) break;  // the differences left are those of rounding
    Pair pair;
    pair.step = direction;
    for (auto& entry : pair.step) entry = static_cast<float>(length * entry);
    pair.change = next_gradient;
    add(pair.change, -1, gradient);
    pair.curvature = dot(pair.step, pair.change);
    const bool flat = !(pair.curvature > 0);
    if (!flat) {
      std::vector<float> preconditioned = pair.change;
      precondition(preconditioned);
      pair.scale = pair.curvature / dot(pair.change, preconditioned);
      pairs.push_back(std::move(pair));
      if (std::ssize(pairs) > options.memory) pairs.pop_front();
    }
    point.swap(next);
    gradient.swap(next_gradient);
    result.value = value;
    if (flat) break;  // of a convex function: the step was one of rounding
  }
  return result;
}

}  // namespace simile
