// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/judged_threshold.hpp"

#include <algorithm>
#include <cmath>

#include "simile/core/error.hpp"

namespace simile {
namespace {

constexpr double kTail = 0.025;  // on either side of a 95% interval

/// P(at least `successes` of `trials`) when each succeeds with probability `share`, in (0, 1).
double upper_tail(std::int64_t successes, std::int64_t trials, double share) {
  double sum = 0;
  for (std::int64_t k = successes; k <= trials; ++k) {
    const auto n = static_cast<double>(trials);
    const auto x = static_cast<double>(k);
    const double log_choices = std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1);
    sum += std::exp(log_choices + x * std::log(share) + (n - x) * std::log1p(-share));
  }
  return sum;
}

/// The share at which the upper tail, which grows with it, is `probability`.
double share_with_tail(std::int64_t successes, std::int64_t trials, double probability) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (upper_tail(successes, trials, middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

ShareInterval clopper_pearson(std::int64_t successes, std::int64_t trials) {
  ensure(trials >= 0 && successes >= 0 && successes <= trials, "a share of what was tried");
  ShareInterval interval;
  if (successes > 0) interval.low = share_with_tail(successes, trials, kTail);
  if (successes < trials) interval.high = share_with_tail(successes + 1, trials, 1 - kTail);
  return interval;
}

JudgedThreshold threshold_from(std::vector<JudgedPair> pairs) {
  const auto num_alike = std::count_if(pairs.begin(), pairs.end(), [](const auto& pair) { return pair.alike; });
  if (pairs.empty()) throw Error(ErrorCode::invalid_argument, "no pair was judged");
  if (num_alike == 0) {
    throw Error(ErrorCode::invalid_argument, "none of the judged pairs is alike; judge more similar ones");
  }
  std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.similarity > b.similarity; });
  JudgedThreshold best;
  best.num_judged = static_cast<std::int64_t>(pairs.size());
  best.num_wrong = best.num_judged + 1;
  std::int64_t alike_above = 0;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    alike_above += pairs[k].alike ? 1 : 0;
    const bool last = k + 1 == pairs.size();
    if (!last && pairs[k + 1].similarity == pairs[k].similarity) continue;  // no threshold parts equal pairs
    const auto above = static_cast<std::int64_t>(k) + 1;
    const std::int64_t wrong = (above - alike_above) + (num_alike - alike_above);
    if (wrong >= best.num_wrong) continue;
    best.num_wrong = wrong;
    best.num_above = above;
    best.num_alike_above = alike_above;
    const double next = last ? pairs[k].similarity : pairs[k + 1].similarity;
    best.threshold = next + (pairs[k].similarity - next) / 2;
  }
  if (best.num_wrong > num_alike) {  // calling nothing alike would be wrong less often
    throw Error(ErrorCode::invalid_argument, "those that are alike are less similar than those that are not");
  }
  const ShareInterval precision = clopper_pearson(best.num_alike_above, best.num_above);
  best.precision_low = precision.low;
  best.precision_high = precision.high;
  return best;
}

}  // namespace simile
