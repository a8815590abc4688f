// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/metric.hpp"

#include <algorithm>

namespace simile {

void Metric::screen(const Tile& tile, const Need& need, Workspace& workspace, std::vector<ScoredPair>& out) const {
  if (scores_exactly(tile, need)) {
    score_exactly(tile, need.floor, out);
  } else {
    screen_block(tile, need, workspace, out);
  }
}

void Metric::screen_block(const Tile& tile, const Need& need, Workspace& /*workspace*/,
                          std::vector<ScoredPair>& out) const {
  score_exactly(tile, need.floor, out);
}

void Metric::score_exactly(const Tile& tile, double floor, std::vector<ScoredPair>& out) const {
  const auto score = [&](std::int64_t left, std::int64_t right) {
    const double similarity = exact(left, right);
    if (similarity >= floor) out.push_back({left, right, similarity, similarity});
  };
  for (const auto& [left, right] : tile.list) score(left, right);
  for (std::int64_t left = tile.rows.begin; left < tile.rows.end; ++left) {
    for (std::int64_t right = tile.upper ? std::max(tile.cols.begin, left + 1) : tile.cols.begin; right < tile.cols.end;
         ++right) {
      score(left, right);
    }
  }
}

}  // namespace simile
