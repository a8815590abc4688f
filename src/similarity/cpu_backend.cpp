// SPDX-License-Identifier: Apache-2.0
#include "similarity/cpu_backend.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <new>
#include <string>

#include "simile/core/error.hpp"
#include "simile/core/simd.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

// Pairs of a list that are scored at once: enough to hide the cost of handing them out, few enough to balance threads.
constexpr std::int64_t kListLength = 1024;

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU";
}

/// One worker's state and counters.
struct Worker {
  Worker(const Metric& metric, std::int64_t scratch_bytes) : workspace(scratch_bytes), exact(metric) {}

  Workspace workspace;
  Exact exact;
  std::vector<ScoredPair> scored;
  std::int64_t pairs_skipped = 0;
  std::int64_t tiles_split = 0;
};

/// Fills worker.scored; false when memory does not suffice and the tile can be cut.
bool screen(const Tile& tile, const Need& need, Worker& worker, const Metric& metric) {
  worker.scored.clear();
  try {
    metric.screen(tile, need, worker.workspace, worker.scored);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::out_of_memory || tile.count() <= 1) throw;
  } catch (const std::bad_alloc&) {
    if (tile.count() <= 1) throw Error(ErrorCode::out_of_memory, "no memory to compare a single pair");
  }
  return false;
}

/// Decides one tile; one that does not fit into memory is cut until its parts do.
void process(const Tile& tile, int index, Worker& worker, const Metric& metric, Sink& sink,
             const Cancellation& cancellation) {
  cancellation.check();
  if (sink.settled(tile)) {
    worker.pairs_skipped += tile.count();
    return;
  }
  const Need need = sink.need(tile);
  if (screen(tile, need, worker, metric)) {
    sink.consume(index, tile, worker.scored, worker.exact);
    return;
  }
  ++worker.tiles_split;
  for (const auto& part : split(tile)) process(part, index, worker, metric, sink, cancellation);
}

/// Exact similarities of the pairs whose intervals are open, in pieces that all workers share.
void evaluate(std::span<ScoredPair> pairs, std::vector<Worker>& workers, const Context& context) {
  const auto size = static_cast<std::int64_t>(pairs.size());
  context.pool.parallel_for((size + kListLength - 1) / kListLength, context.cancellation,
                            [&](int worker, std::int64_t piece) {
                              Exact& exact = workers[static_cast<std::size_t>(worker)].exact;
                              const std::int64_t end = std::min((piece + 1) * kListLength, size);
                              for (std::int64_t k = piece * kListLength; k < end; ++k) {
                                ScoredPair& pair = pairs[static_cast<std::size_t>(k)];
                                pair.low = pair.high = exact(pair);
                              }
                            });
}

}  // namespace

std::vector<DeviceInfo> CpuBackend::devices() const {
  const int threads = ThreadPool::hardware_threads();
  return {{Device{},
           concat(cpu_name(), ", ", threads, threads == 1 ? " thread, " : " threads, ", to_string(simd_level())),
           available_memory_bytes()}};
}

CompareStats CpuBackend::compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context) const {
  const auto start = std::chrono::steady_clock::now();
  const int num_workers = context.pool.num_threads();
  const std::int64_t budget = context.memory_bytes - metric.resident_bytes();
  const Cost cost = metric.cost();
  const TilePlan plan(pairs, plan_edge(cost, budget, num_workers), kListLength);

  std::vector<Worker> workers;
  for (int k = 0; k < num_workers; ++k) workers.emplace_back(metric, budget / num_workers);
  sink.begin(pairs, num_workers);
  {
    ProgressPhase phase(context.progress, "comparing", pairs.count(), "pairs");
    context.pool.parallel_for(plan.size(), context.cancellation, [&](int worker, std::int64_t item) {
      const Tile tile = plan[item];
      process(tile, worker, workers[static_cast<std::size_t>(worker)], metric, sink, context.cancellation);
      phase.advance(tile.count());
    });
  }
  sink.finish([&](std::span<ScoredPair> open) { evaluate(open, workers, context); });

  CompareStats stats;
  stats.pairs = pairs.count();
  for (const auto& worker : workers) {
    stats.pairs_skipped += worker.pairs_skipped;
    stats.exact_evaluations += worker.exact.count();
    stats.tiles_split += worker.tiles_split;
  }
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

}  // namespace simile
