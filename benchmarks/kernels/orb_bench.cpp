// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/array.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/orb.hpp"

namespace simile {
namespace {

constexpr std::int64_t kDescriptorBytes = 32;

struct Case {
  std::int64_t num_items;
  std::int64_t num_descriptors;  ///< of an image
};

/// Random descriptors; every fourth image has those of the one before with a few bits changed.
Array<std::uint8_t, 2> make_descriptors(const Case& given) {
  Array<std::uint8_t, 2> rows({given.num_items * given.num_descriptors, kDescriptorBytes});
  Random random(1);
  for (std::int64_t k = 0; k < rows.shape(0); ++k) {
    const bool copied = k / given.num_descriptors % 4 == 3;
    for (std::int64_t byte = 0; byte < kDescriptorBytes; ++byte) {
      rows.view()(k, byte) =
          copied ? rows.view()(k - given.num_descriptors, byte) : static_cast<std::uint8_t>(random.below(256));
    }
    if (copied) rows.view()(k, k % kDescriptorBytes) ^= static_cast<std::uint8_t>(random.below(256));
  }
  return rows;
}

}  // namespace

void register_orb() {
  for (const Case& given : {Case{300, 500}, Case{300, 100}}) {
    benchmark::RegisterBenchmark(
        concat("orb/", bench_place(), "/n:", given.num_items, "/descriptors:", given.num_descriptors).c_str(),
        [given](benchmark::State& state) {
          const auto rows = make_descriptors(given);
          std::vector<std::int64_t> offsets;
          for (std::int64_t k = 0; k <= given.num_items; ++k) offsets.push_back(k * given.num_descriptors);
          const OrbMetric metric(rows.view(), offsets);
          const std::int64_t item_bytes = given.num_descriptors * kDescriptorBytes;
          const auto image = [&](std::int64_t item) {
            return View<const std::uint8_t, 2>(rows.data() + item * item_bytes,
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
