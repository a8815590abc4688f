// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/cosine.hpp"

int main() {
  const float vectors[4][2] = {{1, 0}, {0, 1}, {0.9F, 0.1F}, {0.1F, 0.9F}};
  const simile::CosineMetric metric(simile::View<const float, 2>(vectors[0], {4, 2}));
  simile::Components components(0.9);  // pairs at least this similar are in one group

  simile::ThreadPool pool(simile::ThreadPool::hardware_threads());
  const auto progress = simile::make_silent_progress();
  const simile::Cancellation cancellation;
  const simile::Context context{pool, *progress, cancellation, /*memory_bytes=*/256 << 20};
  simile::compare(simile::Pairs::triangle(4), metric, components, context);

  for (const auto label : components.labels()) std::cout << label << '\n';  // 0 1 0 1
}
