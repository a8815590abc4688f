// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/mutual_reachability.hpp"

#include <algorithm>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

MutualReachability::MutualReachability(const Metric& metric, std::span<const double> left_cores,
                                       std::span<const double> right_cores)
    : metric_(metric), left_cores_(left_cores), right_cores_(right_cores) {
  if (static_cast<std::int64_t>(left_cores.size()) != metric.num_left() ||
      static_cast<std::int64_t>(right_cores.size()) != metric.num_right()) {
    throw Error(ErrorCode::invalid_argument,
                concat(left_cores.size(), " and ", right_cores.size(), " core similarities for ", metric.num_left(),
                       " and ", metric.num_right(), " items"));
  }
}

double MutualReachability::core(std::int64_t left, std::int64_t right) const {
  return std::min(left_cores_[static_cast<std::size_t>(left)], right_cores_[static_cast<std::size_t>(right)]);
}

double MutualReachability::exact(std::int64_t left, std::int64_t right) const {
  return std::min(metric_.exact(left, right), core(left, right));
}

MetricItems MutualReachability::items() const {
  MetricItems items = metric_.items();
  if (!items.left_cores.empty()) return {};  // a bound of a bound
  items.left_cores = left_cores_;
  items.right_cores = right_cores_;
  return items;
}

void MutualReachability::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                      std::vector<ScoredPair>& out) const {
  const std::size_t before = out.size();
  metric_.screen(tile, need, workspace, out);
  const auto first = out.begin() + static_cast<std::ptrdiff_t>(before);
  for (auto pair = first; pair != out.end(); ++pair) {
    // The minimum is monotone: ends of the interval go where its members go.
    const double bound = core(pair->left, pair->right);
    pair->low = std::min(pair->low, bound);
    pair->high = std::min(pair->high, bound);
  }
  out.erase(std::remove_if(first, out.end(), [&](const ScoredPair& pair) { return pair.high < need.floor; }),
            out.end());
}

}  // namespace simile
