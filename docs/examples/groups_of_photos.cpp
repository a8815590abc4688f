// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <iostream>

#include "simile/cluster/clustering.hpp"
#include "simile/core/units.hpp"
#include "simile/feature/extract.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/make_metric.hpp"

simile::Cancellation g_cancellation;

int main(int argc, char** argv) try {
  std::signal(SIGINT, [](int) { g_cancellation.request(); });
  simile::ThreadPool pool(simile::ThreadPool::hardware_threads());
  const auto progress = simile::make_plain_progress(std::cerr);
  const simile::Context context{pool, *progress, g_cancellation, simile::available_memory_bytes() / 2};

  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  simile::Dataset photos = simile::open_dataset(folder, {.memory_bytes = context.memory_bytes}, context);
  const auto taken = simile::extract_features(photos, {.method = simile::Method::dhash}, context);
  const auto metric = simile::make_metric(taken.features);
  simile::Components components(0.95);
  simile::compare(simile::Pairs::triangle(metric->num_left()), *metric, components, context);

  const auto clustering = simile::make_clustering(components.labels(), /*min_size=*/2);
  const auto id = [&](std::int64_t item) { return photos.catalogue().ids[static_cast<std::size_t>(item)]; };
  for (const auto& group : clustering.members) {
    for (const auto row : group) std::cout << id(taken.features.items[static_cast<std::size_t>(row)]) << ' ';
    std::cout << '\n';
  }
  for (const auto& [item, reason] : taken.errors) std::cerr << id(item) << ": " << reason << '\n';
} catch (const simile::Error& error) {
  std::cerr << error.what() << '\n';
  return error.code() == simile::ErrorCode::cancelled ? 130 : 1;
}
