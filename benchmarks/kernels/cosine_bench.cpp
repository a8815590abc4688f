// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string>

#include "kernel_bench.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/cosine.hpp"

namespace simile {
namespace {

struct Case {
  std::int64_t num_items;
  std::int64_t dimensions;
  double threshold;
};

}  // namespace

void register_cosine() {
  for (const Case& given : {Case{10000, 512, 0.9}, Case{10000, 128, 0.9}}) {
    const std::string name = concat("cosine/cpu/n:", given.num_items, "/d:", given.dimensions, "/t:", given.threshold);
    benchmark::RegisterBenchmark(
        name.c_str(),
        [given](benchmark::State& state) {
          // Groups of about ten; cosines within a group lie around .93.
          const auto vectors = clustered_unit_vectors(given.num_items, given.dimensions, given.num_items / 10, 0.27, 1);
          const CosineMetric metric(vectors.view());
          const auto row = [&](std::int64_t item) {
            return std::span<const float>(vectors.data() + item * given.dimensions,
                                          static_cast<std::size_t>(given.dimensions));
          };
          run_components(state, metric, given.threshold, given.dimensions * static_cast<std::int64_t>(sizeof(float)),
                         [&](auto i, auto j) { return oracle_cosine(row(i), row(j)); });
        })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace simile
