// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "inputs.hpp"
#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/template_match.hpp"

namespace simile {
void register_template() {
  constexpr std::int64_t kItems = 1000;
  for (const std::int64_t side : {64, 128}) {
    // At -1 nothing can be rejected: every pair is multiplied to the end.
    for (const double threshold : {0.98, -1.0}) {
      const std::string name = concat("template/", bench_place(), "/n:", kItems, "/px:", side, "/t:", threshold);
      benchmark::RegisterBenchmark(name.c_str(),
                                   [side, threshold](benchmark::State& state) {
                                     const auto images = bench_colour_images(kItems, side);
                                     const TemplateMetric metric(images.view());
                                     run_components(state, metric, threshold, side * side * 3, [&](auto i, auto j) {
                                       return oracle_template(images.view()[i], images.view()[j]);
                                     });
                                   })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace simile
