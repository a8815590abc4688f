// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "simile/similarity/compare.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/top_k.hpp"

int main() {
  const std::uint8_t queries[1][2] = {{0xFF, 0x00}};
  const std::uint8_t base[4][2] = {{0x00, 0xFF}, {0xFF, 0x01}, {0xFF, 0x00}, {0xFE, 0x01}};
  const simile::HammingMetric metric({queries[0], {1, 2}}, {base[0], {4, 2}}, /*bits=*/16);
  simile::TopK nearest(2);

  simile::ThreadPool pool(1);
  const auto progress = simile::make_silent_progress();
  const simile::Cancellation cancellation;
  simile::compare(simile::Pairs::rectangle(1, 4), metric, nearest, {pool, *progress, cancellation, 256 << 20});

  for (const auto& [item, similarity] : nearest.neighbours(0)) {
    std::cout << item << ' ' << similarity << '\n';  // 2 1, then 1 0.9375
  }
}
