// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string>

#include "inputs.hpp"
#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/minhash.hpp"

namespace simile {

void register_minhash() {
  constexpr std::int64_t kItems = 20000;
  benchmark::RegisterBenchmark(concat("minhash/", bench_place(), "/n:", kItems).c_str(),
                               [](benchmark::State& state) {
                                 const auto rows = bench_signatures(kItems);
                                 const MinhashMetric metric(rows.view());
                                 const auto row = [&](std::int64_t item) {
                                   return std::span<const std::uint32_t>(rows.data() + item * kSignatureLength,
                                                                         static_cast<std::size_t>(kSignatureLength));
                                 };
                                 run_components(state, metric, 0.5, kSignatureLength * 4,
                                                [&](auto i, auto j) { return oracle_minhash(row(i), row(j)); });
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace simile
