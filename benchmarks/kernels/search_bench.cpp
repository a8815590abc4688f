// SPDX-License-Identifier: Apache-2.0
// The nearest of one query among many rows.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "kernel_bench.hpp"
#include "support/oracle.hpp"
#include "support/random_images.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile {
namespace {

constexpr std::int64_t kDimensions = 512;
constexpr std::int64_t kNearest = 100;
constexpr std::int64_t kMemoryBytes = 8LL << 30;

/// The first ids and scores by a plain loop.
std::vector<Neighbour> plain_search(const Array<float, 2>& query, const Array<float, 2>& rows) {
  const auto row = [](const Array<float, 2>& of, std::int64_t item) {
    return std::span<const float>(of.data() + item * kDimensions, static_cast<std::size_t>(kDimensions));
  };
  std::vector<Neighbour> all;
  for (std::int64_t item = 0; item < rows.shape(0); ++item) {
    all.push_back({item, oracle_cosine(row(query, 0), row(rows, item))});
  }
  const auto before = [](const Neighbour& a, const Neighbour& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.item < b.item;
  };
  std::partial_sort(all.begin(), all.begin() + kNearest, all.end(), before);
  all.resize(static_cast<std::size_t>(kNearest));
  return all;
}

void search(benchmark::State& state, std::int64_t num_rows) {
  const auto rows = clustered_unit_vectors(num_rows, kDimensions, num_rows / 10, 0.9, 1);
  const auto query = clustered_unit_vectors(1, kDimensions, 1, 0.9, 1);
  const CosineMetric metric(query.view(), rows.view());
  ThreadPool pool(bench_threads());
  const auto progress = make_silent_progress();
  const Cancellation cancellation;
  const Context context{pool, *progress, cancellation, kMemoryBytes, bench_device()};
  const Pairs pairs = Pairs::rectangle(1, num_rows);
  const auto expected = plain_search(query, rows);
  for (auto _ : state) {
    TopK nearest(kNearest);
    compare(pairs, metric, nearest, context);
    const auto found = nearest.neighbours(0);
    const bool same = std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                                 [](const auto& a, const auto& b) { return a.item == b.item; });
    if (!same) {
      state.SkipWithError("the nearest differ from the oracle's");
      return;
    }
  }
  using benchmark::Counter;
  const auto count = static_cast<double>(num_rows * state.iterations());
  state.counters["pairs/s"] = Counter(count, Counter::kIsRate);
  state.counters["bytes/s"] = Counter(count * kDimensions * sizeof(float), Counter::kIsRate, Counter::kIs1024);
}

}  // namespace

void register_search() {
  constexpr std::int64_t kRows = 100000;
  const std::string name = concat("search/", bench_place(), "/n:", kRows, "/d:", kDimensions, "/k:", kNearest);
  benchmark::RegisterBenchmark(name.c_str(), [](benchmark::State& state) { search(state, kRows); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace simile
