// SPDX-License-Identifier: Apache-2.0
#include "similarity/cpu_backend.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <new>
#include <string>

#include "similarity/checkpoint.hpp"
#include "similarity/evaluate.hpp"
#include "similarity/tile_bytes.hpp"

#include "simile/core/error.hpp"
#include "simile/core/simd.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

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
  std::int64_t pairs_scored_exactly = 0;
  std::int64_t tiles_split = 0;
};

/// What is compared by whom, for one tile after the other.
struct Comparison {
  const Metric& metric;
  Sink& sink;
  std::int64_t max_edge;  ///< of a tile that memory suffices for
  bool keep;              ///< memory suffices for what screens keep
};

/// Fills worker.scored; false when memory does not suffice and the tile can be cut.
bool screen(const Tile& tile, const Need& need, Worker& worker, const Comparison& comparison) {
  worker.scored.clear();
  if (std::max(tile.rows.size(), tile.cols.size()) > comparison.max_edge) return false;
  try {
    comparison.metric.screen(tile, need, worker.workspace, worker.scored);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::out_of_memory || tile.count() <= 1) throw;
  } catch (const std::bad_alloc&) {
    if (tile.count() <= 1) throw Error(ErrorCode::out_of_memory, "no memory to compare a single pair");
  }
  return false;
}

/// Decides one tile; one that does not fit into memory is cut until its parts do.
void process(const Tile& tile, int index, Worker& worker, const Comparison& comparison) {
  if (comparison.sink.settled(tile)) {
    worker.pairs_skipped += tile.count();
    return;
  }
  Need need = comparison.sink.need(tile);
  need.keep = comparison.keep;
  if (screen(tile, need, worker, comparison)) {
    if (Metric::scores_exactly(tile, need)) worker.pairs_scored_exactly += tile.count();
    comparison.sink.consume(index, tile, worker.scored, worker.exact);
    return;
  }
  ++worker.tiles_split;
  for (const auto& part : split(tile)) process(part, index, worker, comparison);
}

/// Decides tiles in order until all are done, a checkpoint is due, or the run is cancelled. Whatever was begun is then
/// complete: the tiles before position.tiles_done, and no others.
void run_round(const TilePlan& plan, ComparePosition& position, std::vector<Worker>& workers,
               const Comparison& comparison, const CheckpointFile& file, const Context& context, ProgressPhase& phase) {
  std::atomic<std::int64_t> next{position.tiles_done};
  std::atomic<std::int64_t> pairs{0};
  std::atomic<bool> paused{false};
  const Cancellation never;  // cancelled between tiles only: no worker leaves one half done
  context.pool.parallel_for(static_cast<std::int64_t>(workers.size()), never, [&](int worker, std::int64_t /*item*/) {
    while (!paused.load(std::memory_order_relaxed) && !context.cancellation.requested()) {
      const std::int64_t item = next.fetch_add(1, std::memory_order_relaxed);
      if (item >= plan.size()) return;
      const Tile tile = plan[item];
      try {
        process(tile, worker, workers[static_cast<std::size_t>(worker)], comparison);
      } catch (...) {
        paused.store(true, std::memory_order_relaxed);
        throw;
      }
      pairs.fetch_add(tile.count(), std::memory_order_relaxed);
      phase.advance(tile.count());
      if (file.due()) paused.store(true, std::memory_order_relaxed);
    }
  });
  position.tiles_done = std::min(next.load(std::memory_order_relaxed), plan.size());
  position.pairs_done += pairs.load(std::memory_order_relaxed);
}

}  // namespace

std::vector<DeviceInfo> CpuBackend::devices() const {
  const int threads = ThreadPool::hardware_threads();
  return {{Device{},
           concat(cpu_name(), ", ", threads, threads == 1 ? " thread, " : " threads, ", to_string(simd_level())),
           available_memory_bytes()}};
}

CompareStats CpuBackend::compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                                 const Checkpoint* checkpoint) const {
  const auto start = std::chrono::steady_clock::now();
  const int num_workers = context.pool.num_threads();
  std::int64_t budget = context.memory_bytes - metric.resident_bytes();
  const std::int64_t edge = plan_edge(metric.cost(), budget, num_workers);
  // What screens keep must leave room for the same tiles.
  const bool keep = metric.kept_bytes() <= budget - num_workers * tile_bytes(metric.cost(), edge);
  if (keep) budget -= metric.kept_bytes();
  const Comparison comparison{metric, sink, edge, keep};
  std::vector<Worker> workers;
  for (int k = 0; k < num_workers; ++k) workers.emplace_back(metric, budget / num_workers);

  CheckpointFile file(checkpoint, pairs, metric);
  ComparePosition position = file.resume({comparison.max_edge, 0, 0}, sink, num_workers);
  CompareStats stats;
  stats.pairs = pairs.count();
  stats.pairs_resumed = position.pairs_done;
  {
    ProgressPhase phase(context.progress, "comparing", pairs.count(), "pairs");
    phase.resume(position.pairs_done);
    const TilePlan plan(pairs, position.edge, kListLength);
    while (position.tiles_done < plan.size()) {
      run_round(plan, position, workers, comparison, file, context, phase);
      if (position.tiles_done < plan.size() || context.cancellation.requested()) file.write(position, sink);
      context.cancellation.check();
    }
    file.complete(position, sink);
  }
  sink.finish([&](std::span<ScoredPair> open) {
    evaluate(open, context, [&](std::size_t worker) -> Exact& { return workers[worker].exact; });
  });
  file.remove();

  for (const auto& worker : workers) {
    stats.pairs_skipped += worker.pairs_skipped;
    stats.exact_evaluations += worker.exact.count() + worker.pairs_scored_exactly;
    stats.tiles_split += worker.tiles_split;
  }
  stats.checkpoint_problem = file.problem();
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

}  // namespace simile
