// SPDX-License-Identifier: Apache-2.0
// The sinks beside Components, on the same pairs.
#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel_bench.hpp"
#include "support/oracle.hpp"
#include "support/pair_oracle.hpp"
#include "support/random_images.hpp"

#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/histogram.hpp"
#include "simile/similarity/spanning_tree.hpp"
#include "simile/similarity/subset.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile {
namespace {

constexpr std::int64_t kSample = 48;
constexpr std::int64_t kMemoryBytes = 8LL << 30;

using Oracle = std::function<double(std::int64_t, std::int64_t)>;

/// A sink's name and whether what it found is what the oracle finds in all pairs of `num_items` items.
struct Kind {
  std::string name;
  std::function<std::unique_ptr<Sink>()> make;
  std::function<bool(const Sink&, std::int64_t num_items, const std::vector<OraclePair>&)> right;
};

bool right_neighbours(const Sink& sink, std::int64_t num_items, const std::vector<OraclePair>& pairs, std::int64_t k) {
  const auto expected = oracle_neighbours(num_items, true, pairs, k);
  for (std::int64_t item = 0; item < num_items; ++item) {
    std::vector<std::pair<std::int64_t, double>> found;
    for (const auto& [other, value] : static_cast<const TopK&>(sink).neighbours(item)) found.emplace_back(other, value);
    if (found != expected[static_cast<std::size_t>(item)]) return false;
  }
  return true;
}

bool right_counts(const Sink& sink, const std::vector<OraclePair>& pairs) {
  const auto& histogram = static_cast<const Histogram&>(sink);
  std::vector<double> borders;
  for (std::int64_t k = 0; k <= histogram.num_bins(); ++k) borders.push_back(histogram.border(k));
  std::vector<double> similarities;
  for (const auto& pair : pairs) similarities.push_back(pair.similarity);
  auto counts = histogram.counts();
  counts.push_back(histogram.num_alike_to_nothing());
  return counts == oracle_histogram(similarities, borders);
}

bool right_tree(const Sink& sink, std::int64_t num_items, const std::vector<OraclePair>& pairs) {
  std::vector<OraclePair> found;
  for (const auto& [left, right, value] : static_cast<const SpanningTree&>(sink).edges()) {
    found.push_back({left, right, value});
  }
  return found == oracle_spanning_forest(num_items, pairs, -2);
}

std::vector<Kind> kinds(double low) {
  std::vector<Kind> all;
  all.push_back({"components", [] { return std::make_unique<Components>(0.9); },
                 [](const Sink& sink, std::int64_t num_items, const std::vector<OraclePair>& pairs) {
                   std::vector<std::pair<std::int64_t, std::int64_t>> edges;
                   for (const auto& pair : pairs) {
                     if (pair.similarity >= 0.9) edges.emplace_back(pair.left, pair.right);
                   }
                   return static_cast<const Components&>(sink).labels() == oracle_components(num_items, edges);
                 }});
  all.push_back({"histogram", [low] { return std::make_unique<Histogram>(HistogramOptions{low, 1, 4096}); },
                 [](const Sink& sink, std::int64_t, const auto& pairs) { return right_counts(sink, pairs); }});
  for (const std::int64_t k : {1, 10, 100}) {
    all.push_back({concat("top_k:", k), [k] { return std::make_unique<TopK>(k); },
                   [k](const Sink& sink, std::int64_t num_items, const auto& pairs) {
                     return right_neighbours(sink, num_items, pairs, k);
                   }});
  }
  all.push_back(
      {"spanning_tree", [] { return std::make_unique<SpanningTree>(); },
       [](const Sink& sink, std::int64_t num_items, const auto& pairs) { return right_tree(sink, num_items, pairs); }});
  return all;
}

/// Checks a sample of the items, then times all of them.
void run_sink(benchmark::State& state, const Metric& metric, const Kind& kind, const Oracle& oracle) {
  ThreadPool pool(bench_threads());
  const auto progress = make_silent_progress();
  const Cancellation cancellation;
  const Context context{pool, *progress, cancellation, kMemoryBytes, bench_device()};

  const auto sample = sample_without_replacement(metric.num_left(), std::min(kSample, metric.num_left()), 1);
  const auto size = static_cast<std::int64_t>(sample.size());
  const SubsetMetric subset(metric, sample, sample);
  std::vector<OraclePair> pairs;
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = i + 1; j < size; ++j) {
      pairs.push_back({i, j, subset.exact(i, j)});
      const auto at = [&](std::int64_t k) { return sample[static_cast<std::size_t>(k)]; };
      if (!(std::abs(pairs.back().similarity - oracle(at(i), at(j))) <= 1e-12)) {
        state.SkipWithError("exact differs from the oracle");
        return;
      }
    }
  }
  const auto of_sample = kind.make();
  compare(Pairs::triangle(size), subset, *of_sample, context);
  if (!kind.right(*of_sample, size, pairs)) {
    state.SkipWithError("the result differs from the oracle's");
    return;
  }

  const Pairs all = Pairs::triangle(metric.num_left());
  CompareStats stats;
  for (auto _ : state) {
    const auto sink = kind.make();
    stats = compare(all, metric, *sink, context);
    benchmark::DoNotOptimize(sink.get());
  }
  using benchmark::Counter;
  state.counters["pairs/s"] =
      Counter(static_cast<double>(all.count()) * static_cast<double>(state.iterations()), Counter::kIsRate);
  state.counters["exact"] = static_cast<double>(stats.exact_evaluations) / static_cast<double>(all.count());
}

void add_case(const std::string& input, const Kind& kind, std::function<void(benchmark::State&, const Kind&)> run) {
  const std::string name = concat("sink/", bench_place(), "/", input, "/", kind.name);
  benchmark::RegisterBenchmark(name.c_str(), [kind, run](benchmark::State& state) { run(state, kind); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

void run_cosine(benchmark::State& state, const Kind& kind) {
  constexpr std::int64_t kItems = 10000;
  constexpr std::int64_t kDimensions = 128;
  const auto vectors = clustered_unit_vectors(kItems, kDimensions, kItems / 10, 0.27, 1);
  const CosineMetric metric(vectors.view());
  const auto row = [&](std::int64_t item) {
    return std::span<const float>(vectors.data() + item * kDimensions, static_cast<std::size_t>(kDimensions));
  };
  run_sink(state, metric, kind, [&](auto i, auto j) { return oracle_cosine(row(i), row(j)); });
}

void run_hamming(benchmark::State& state, const Kind& kind) {
  constexpr std::int64_t kItems = 20000;
  constexpr std::int64_t kBytes = 8;
  Array<std::uint8_t, 2> codes({kItems, kBytes});
  Random random(1);
  for (std::int64_t k = 0; k < codes.size(); ++k) codes.data()[k] = static_cast<std::uint8_t>(random.below(256));
  const HammingMetric metric(codes.view(), 8 * kBytes);
  const auto code = [&](std::int64_t item) {
    return std::span<const std::uint8_t>(codes.data() + item * kBytes, static_cast<std::size_t>(kBytes));
  };
  run_sink(state, metric, kind, [&](auto i, auto j) { return oracle_hamming(code(i), code(j), 8 * kBytes); });
}

}  // namespace

void register_sinks() {
  for (const auto& kind : kinds(-1)) add_case("cosine/n:10000/d:128", kind, run_cosine);
  for (const auto& kind : kinds(0)) add_case("hamming/n:20000/bits:64", kind, run_hamming);
}

}  // namespace simile
