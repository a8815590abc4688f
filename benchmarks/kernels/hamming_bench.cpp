// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string>

#include "inputs.hpp"
#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/hamming.hpp"

namespace simile {
namespace {

struct Case {
  std::int64_t num_items;
  std::int64_t bits;
  std::int64_t reach;  ///< differing bits that are still alike
};

}  // namespace

void register_hamming() {
  for (const Case& given : {Case{100000, 64, 5}, Case{100000, 256, 5}, Case{20000, 256, 25}, Case{20000, 4096, 32},
                            Case{20000, 4096, 409}}) {
    const std::string name =
        concat("hamming/", bench_place(), "/n:", given.num_items, "/bits:", given.bits, "/reach:", given.reach);
    benchmark::RegisterBenchmark(
        name.c_str(),
        [given](benchmark::State& state) {
          const auto codes = bench_codes(given.num_items, given.bits);
          const HammingMetric metric(codes.view(), given.bits);
          const auto code = [&](std::int64_t item) {
            return std::span<const std::uint8_t>(codes.data() + item * codes.shape(1),
                                                 static_cast<std::size_t>(codes.shape(1)));
          };
          const double threshold = static_cast<double>(given.bits - given.reach) / static_cast<double>(given.bits);
          run_components(state, metric, threshold, given.bits / 8,
                         [&](auto i, auto j) { return oracle_hamming(code(i), code(j), given.bits); });
        })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace simile
