// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace simile {

inline constexpr double kPi = 3.141592653589793238462643383279502884;

/// sin(pi x) for x in [0, 1], within 3 units in the last place. Only additions, multiplications and divisions in a
/// fixed order: the same bits on every machine, which std::sin() does not promise.
constexpr double sin_pi(double x) {
  if (x > 0.5) x = 1 - x;
  // Taylor series on [0, pi / 4]; the first term left out is below 1e-19.
  if (x <= 0.25) {
    const double angle = kPi * x;
    const double square = angle * angle;
    double sum = 1;
    for (int n = 16; n >= 2; n -= 2) sum = 1 - sum * (square * (1.0 / (n * (n + 1))));
    return angle * sum;
  }
  const double angle = kPi * (0.5 - x);
  const double square = angle * angle;
  double sum = 1;
  for (int n = 17; n >= 1; n -= 2) sum = 1 - sum * (square * (1.0 / (n * (n + 1))));
  return sum;
}

}  // namespace simile
