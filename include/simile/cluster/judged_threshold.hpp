// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace simile {

/// A pair that somebody has judged.
struct JudgedPair {
  double similarity = 0;
  bool alike = false;
};

/// The threshold that answers ask for, and how sure they make it.
struct JudgedThreshold {
  double threshold = 0;
  std::int64_t num_judged = 0;
  std::int64_t num_wrong = 0;        ///< judged pairs on the wrong side of the threshold
  std::int64_t num_above = 0;        ///< judged pairs at least as similar as the threshold
  std::int64_t num_alike_above = 0;  ///< of those, the ones that are alike
  double precision_low = 0;          ///< of the pairs above: 95% confidence (Clopper and Pearson, Biometrika 1934)
  double precision_high = 1;
};

/// The threshold with the fewest wrong answers; of several the highest, midway between two judged pairs where it lies
/// between them. Throws invalid_argument without a pair, when no answer is "alike", or when calling no pair alike would
/// be wrong less often.
JudgedThreshold threshold_from(std::vector<JudgedPair> pairs);

/// A share between two bounds, both in [0, 1].
struct ShareInterval {
  double low = 0;
  double high = 1;
};
/// Exact two-sided 95% confidence interval of a share of which `successes` of `trials` were seen; [0, 1] of no trials.
/// 0 <= successes <= trials (internal otherwise).
ShareInterval clopper_pearson(std::int64_t successes, std::int64_t trials);

}  // namespace simile
