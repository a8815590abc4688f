// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>

#include "kernel_bench.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/template_match.hpp"

namespace simile {
namespace {

constexpr std::int64_t kGroup = 10;

/// Groups of ten noisy copies of a smooth colour image.
Array<std::uint8_t, 4> colour_images(std::int64_t num_items, std::int64_t side) {
  Array<std::uint8_t, 4> images({num_items, side, side, 3});
  for (std::int64_t item = 0; item < num_items; ++item) {
    for (std::int64_t channel = 0; channel < 3; ++channel) {
      const auto seed = static_cast<std::uint64_t>(3 * (item % (num_items / kGroup)) + channel);
      const auto plane =
          near_duplicate(natural_image(side, side, seed).view(), 20, seed + static_cast<std::uint64_t>(item));
      for (std::int64_t k = 0; k < plane.size(); ++k) {
        images.data()[(item * plane.size() + k) * 3 + channel] = plane.data()[k];
      }
    }
  }
  return images;
}

}  // namespace

void register_template() {
  constexpr std::int64_t kItems = 1000;
  for (const std::int64_t side : {64, 128}) {
    // At -1 nothing can be rejected: every pair is multiplied to the end.
    for (const double threshold : {0.98, -1.0}) {
      const std::string name = concat("template/", bench_place(), "/n:", kItems, "/px:", side, "/t:", threshold);
      benchmark::RegisterBenchmark(name.c_str(),
                                   [side, threshold](benchmark::State& state) {
                                     const auto images = colour_images(kItems, side);
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
