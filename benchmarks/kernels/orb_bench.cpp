// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "inputs.hpp"
#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/orb.hpp"

namespace simile {
namespace {

struct Case {
  std::int64_t num_items;
  std::int64_t num_descriptors;  ///< of an image
};

}  // namespace

void register_orb() {
  for (const Case& given : {Case{300, 500}, Case{300, 100}}) {
    benchmark::RegisterBenchmark(
        concat("orb/", bench_place(), "/n:", given.num_items, "/descriptors:", given.num_descriptors).c_str(),
        [given](benchmark::State& state) {
          const auto all = bench_descriptors(given.num_items, given.num_descriptors);
          const OrbMetric metric(all.rows.view(), all.offsets);
          const std::int64_t item_bytes = given.num_descriptors * kDescriptorBytes;
          const auto image = [&](std::int64_t item) {
            return View<const std::uint8_t, 2>(all.rows.data() + item * item_bytes,
                                               {given.num_descriptors, kDescriptorBytes});
          };
          run_components(state, metric, 0.5, item_bytes,
                         [&](auto i, auto j) { return oracle_orb(image(i), image(j)); });
        })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace simile
