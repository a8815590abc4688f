// SPDX-License-Identifier: Apache-2.0
#include "kernel_bench.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "support/oracle.hpp"

#include "simile/core/random.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/subset.hpp"

namespace simile {
namespace {

constexpr std::int64_t kSample = 48;
constexpr std::int64_t kMemoryBytes = 8LL << 30;

/// Whether a block of neighbouring items is screened rightly at the threshold.
bool screens_rightly(const Metric& metric, double threshold) {
  Tile tile;
  tile.rows = {0, std::min(kSample, metric.num_left())};
  tile.cols = {0, std::min(3 * kSample, metric.num_right())};
  Workspace workspace(kMemoryBytes);
  std::vector<ScoredPair> scored;
  metric.screen(tile, {.floor = threshold}, workspace, scored);
  std::int64_t reached = 0;
  for (const auto& pair : scored) {
    const double similarity = metric.exact(pair.left, pair.right);
    if (pair.low > similarity || pair.high < similarity) return false;
    if (similarity >= threshold) ++reached;
  }
  for (std::int64_t i = 0; i < tile.rows.end; ++i) {
    for (std::int64_t j = 0; j < tile.cols.end; ++j) reached -= metric.exact(i, j) >= threshold ? 1 : 0;
  }
  return reached == 0;
}

/// Empty when a sample of the items comes out as the oracle says; else what is wrong.
std::string mismatch(const Metric& metric, double threshold, const Context& context,
                     const std::function<double(std::int64_t, std::int64_t)>& oracle) {
  const std::int64_t num_items = metric.num_left();
  const auto sample = sample_without_replacement(num_items, std::min(kSample, num_items), 1);
  std::vector<std::pair<std::int64_t, std::int64_t>> edges;
  for (std::size_t a = 0; a < sample.size(); ++a) {
    for (std::size_t b = a + 1; b < sample.size(); ++b) {
      const double similarity = metric.exact(sample[a], sample[b]);
      if (!(std::fabs(similarity - oracle(sample[a], sample[b])) <= 1e-12)) return "exact differs from the oracle";
      if (similarity >= threshold) edges.emplace_back(a, b);
      // The screen's interval, from the middle of a tile that the pair shares with its neighbours.
      Tile tile;
      tile.rows = {sample[a], sample[a] + 1};
      tile.cols = {sample[b], std::min(sample[b] + 3, num_items)};
      Workspace workspace(kMemoryBytes);
      std::vector<ScoredPair> scored;
      metric.screen(tile, {}, workspace, scored);
      if (scored.empty() || scored[0].low > similarity || scored[0].high < similarity) return "a screen is wrong";
    }
  }
  if (!screens_rightly(metric, threshold)) return "a block is screened wrongly";
  const SubsetMetric subset(metric, sample, sample);
  Components components(threshold);
  const auto size = static_cast<std::int64_t>(sample.size());
  compare(Pairs::triangle(size), subset, components, context);
  if (components.labels() != oracle_components(size, edges)) return "labels differ from the oracle";
  return {};
}

}  // namespace

int bench_threads() {
  const char* const text = std::getenv("SIMILE_BENCH_THREADS");
  return text == nullptr ? 2 : std::max(1, std::atoi(text));
}

Device bench_device() {
  const char* const text = std::getenv("SIMILE_BENCH_DEVICE");
  return text == nullptr ? Device{} : resolve_device(text);
}

std::string bench_place() { return bench_device().kind == Device::Kind::cpu ? "cpu" : "cuda"; }

void run_components(benchmark::State& state, const Metric& metric, double threshold, std::int64_t item_bytes,
                    const std::function<double(std::int64_t, std::int64_t)>& oracle) {
  ThreadPool pool(bench_threads());
  const auto progress = make_silent_progress();
  const Cancellation cancellation;
  const Context context{pool, *progress, cancellation, kMemoryBytes, bench_device()};
  if (const std::string wrong = mismatch(metric, threshold, context, oracle); !wrong.empty()) {
    state.SkipWithError(wrong.c_str());
    return;
  }
  const Pairs pairs = Pairs::triangle(metric.num_left());
  const auto labels_on = [&](const Device& device) {
    Context there = context;
    there.device = device;
    Components components(threshold);
    compare(pairs, metric, components, there);
    return components.labels();
  };
  if (context.device != Device{} && labels_on(context.device) != labels_on(Device{})) {
    state.SkipWithError("labels differ from the CPU's");
    return;
  }
  CompareStats stats;
  for (auto _ : state) {
    Components components(threshold);
    stats = compare(pairs, metric, components, context);
    benchmark::DoNotOptimize(components.labels().data());
  }
  const auto count = static_cast<double>(pairs.count());
  const auto iterations = static_cast<double>(state.iterations());
  using benchmark::Counter;
  state.counters["pairs/s"] = Counter(count * iterations, Counter::kIsRate);
  state.counters["bytes/s"] =
      Counter(count * iterations * 2 * static_cast<double>(item_bytes), Counter::kIsRate, Counter::kIs1024);
  state.counters["exact"] = static_cast<double>(stats.exact_evaluations) / count;
  state.counters["skipped"] = static_cast<double>(stats.pairs_skipped) / count;
}

}  // namespace simile
