// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string>

#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/array.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/minhash.hpp"

namespace simile {
namespace {

constexpr std::int64_t kLength = 128;

/// Random signatures, one in four the one before with a quarter of its minima changed.
Array<std::uint32_t, 2> make_signatures(std::int64_t count) {
  Array<std::uint32_t, 2> rows({count, kLength});
  Random random(1);
  for (std::int64_t k = 0; k < count; ++k) {
    for (std::int64_t c = 0; c < kLength; ++c) {
      const bool copied = k % 4 == 3 && c % 4 != 0;
      rows.view()(k, c) = copied ? rows.view()(k - 1, c) : static_cast<std::uint32_t>(random.next());
    }
  }
  return rows;
}

}  // namespace

void register_minhash() {
  constexpr std::int64_t kItems = 20000;
  benchmark::RegisterBenchmark(
      concat("minhash/", bench_place(), "/n:", kItems).c_str(),
      [](benchmark::State& state) {
        const auto rows = make_signatures(kItems);
        const MinhashMetric metric(rows.view());
        const auto row = [&](std::int64_t item) {
          return std::span<const std::uint32_t>(rows.data() + item * kLength, static_cast<std::size_t>(kLength));
        };
        run_components(state, metric, 0.5, kLength * 4, [&](auto i, auto j) { return oracle_minhash(row(i), row(j)); });
      })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace simile
