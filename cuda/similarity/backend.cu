// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "cuda/similarity/backend.hpp"
#include "cuda/similarity/comparison.hpp"
#include "cuda/similarity/edge_components.hpp"
#include "cuda/similarity/fused/choose.hpp"
#include "cuda/similarity/on_device.hpp"
#include "cuda/similarity/sink_driver.hpp"
#include "similarity/checkpoint.hpp"
#include "similarity/cpu_backend.hpp"
#include "similarity/evaluate.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/core/version.hpp"

namespace simile::cuda {
namespace {

constexpr int kLeastMajor = 8;  // compute capability: what the library is compiled for
// Nodes and items are counted in 32 bits on the device, where a grid's threads may step beyond the last.
constexpr std::int64_t kMaxNodes = std::numeric_limits<std::int32_t>::max() - (1 << 24);

constexpr std::int64_t kLeastListEdge = 128;

struct MakeScreen {
  std::unique_ptr<ScreenMaker> operator()(const std::monostate& /*none*/) const { return nullptr; }
  std::unique_ptr<ScreenMaker> operator()(const VectorItems& items) const { return make_vectors(items); }
  std::unique_ptr<ScreenMaker> operator()(const CodeItems& items) const { return make_codes(items); }
  std::unique_ptr<ScreenMaker> operator()(const SignatureItems& items) const { return make_signatures(items); }
  std::unique_ptr<ScreenMaker> operator()(const DescriptorItems& items) const { return make_descriptors(items); }
  std::unique_ptr<ScreenMaker> operator()(const GreyItems& items) const { return make_grey(items); }
  std::unique_ptr<ScreenMaker> operator()(const ColourItems& items) const { return make_colour(items); }
};

std::int64_t host_bytes_left(const Metric& metric, const Sink& sink, const Context& context) {
  const std::int64_t fixed = metric.resident_bytes() + 2 * Uploader::kPieceBytes;
  if (context.memory_bytes < fixed + sink_host_bytes(sink)) {
    throw Error(ErrorCode::out_of_memory,
                concat("comparing on the GPU needs at least ", format_bytes(fixed + sink_host_bytes(sink)),
                       " on the host, with the features; ", format_bytes(context.memory_bytes),
                       " may be taken (raise --memory)"));
  }
  return context.memory_bytes - fixed;
}

/// Tiles of the plan that are one piece of work: of a list, whose stretches are small, and of a few rows against many
/// columns, where they lie side by side, as many as have room.
std::int64_t tiles_at_once(const Pairs& pairs, std::int64_t edge, const Comparison& comparison) {
  std::int64_t tiles = 1;
  if (pairs.shape() == Pairs::Shape::list) tiles = edge * edge / kListLength;
  if (pairs.shape() == Pairs::Shape::rectangle && pairs.num_left() <= edge) {
    tiles = comparison.widest(pairs.num_left()) / edge;
  }
  return std::max<std::int64_t>(1, tiles);
}

/// The tiles of the plan from the position on, until all are done, a checkpoint is due, or the run is cancelled.
void run_round(const TilePlan& plan, const Pairs& pairs, ComparePosition& position, std::int64_t& skipped,
               Comparison& comparison, SinkDriver& driver, const CheckpointFile& file, const Context& context,
               ProgressPhase& phase) {
  const bool list = pairs.shape() == Pairs::Shape::list;
  const std::int64_t at_once = tiles_at_once(pairs, position.edge, comparison);
  const auto tile_at = [&](std::int64_t k) {
    Tile tile = plan[k];
    if (list) {
      const std::int64_t begin = k * kListLength;
      const std::int64_t length = std::min(at_once * kListLength, pairs.count() - begin);
      tile.list = pairs.list().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(length));
    } else {
      tile.cols.end = plan[std::min(k + at_once, plan.size()) - 1].cols.end;
    }
    return tile;
  };
  driver.ask_settled(tile_at(position.tiles_done));
  bool due = false;
  while (position.tiles_done < plan.size() && !context.cancellation.requested() && !due) {
    const Tile tile = tile_at(position.tiles_done);
    const std::int64_t next = std::min(position.tiles_done + at_once, plan.size());
    const bool settled = driver.settled();
    if (next < plan.size()) driver.ask_settled(tile_at(next));
    if (settled) {
      skipped += tile.count();
    } else {
      comparison.process(tile);
    }
    position.tiles_done = next;
    position.pairs_done += tile.count();
    phase.advance(tile.count());
    due = file.due();
  }
  comparison.finish();
}

/// What compares on a device, set up.
struct Ready {
  Gpu& gpu;
  Screen& screen;
  const Cost& cost;
  const MemoryPlan& plan;
  const MetricItems& items;
};

CompareStats compare_on(const Ready& ready, const Pairs& pairs, const Metric& metric, Sink& sink,
                        const Context& context, const Checkpoint* checkpoint) {
  const auto& [gpu, screen, cost, plan, items] = ready;
  const int num_workers = context.pool.num_threads();
  std::vector<Exact> exact(static_cast<std::size_t>(num_workers), Exact(metric));
  const auto driver = make_sink_driver({gpu, pairs, sink, context, exact, host_bytes_left(metric, sink, context)});
  CheckpointFile file(checkpoint, pairs, metric);
  ComparePosition position = file.resume({plan.tile_edge, 0, 0}, sink, num_workers);
  CompareStats stats;
  stats.pairs = pairs.count();
  stats.pairs_resumed = position.pairs_done;
  driver->begin();
  Comparison comparison({gpu, pairs, sink, *driver, screen, cost, plan, items});
  {
    ProgressPhase phase(context.progress, "comparing", pairs.count(), "pairs");
    phase.resume(position.pairs_done);
    const TilePlan tiles(pairs, position.edge, kListLength);
    const FusedCase fused{gpu, pairs, items, plan, cost, screen, *driver, sink, context};
    if (position.tiles_done == 0 && compare_fused(fused, phase, stats)) {
      position = {position.edge, tiles.size(), pairs.count()};
    }
    while (position.tiles_done < tiles.size()) {
      run_round(tiles, pairs, position, stats.pairs_skipped, comparison, *driver, file, context, phase);
      if (position.tiles_done < tiles.size() || context.cancellation.requested()) {
        driver->bring_home();
        file.write(position, sink);
      }
      context.cancellation.check();
    }
    driver->bring_home();
    file.complete(position, sink);
  }
  sink.finish([&](std::span<ScoredPair> open) {
    evaluate(open, context, [&](std::size_t worker) -> Exact& { return exact[worker]; });
  });
  file.remove();

  for (const auto& each : exact) stats.exact_evaluations += each.count();
  stats.exact_evaluations += comparison.exact_evaluations();
  stats.tiles_split = comparison.tiles_split();
  stats.checkpoint_problem = file.problem();
  return stats;
}

/// A list's pairs are all evaluated by the definition. A tile has as many as one of edge x edge.
Cost cost_of_list(const ScreenCost& cost) {
  Cost of_list;
  of_list.preferred_edge = edge_within(cost.tile.preferred_edge, kLeastListEdge, cost.exact_work_per_pair);
  of_list.bytes_per_pair = kListedPairBytes;
  return of_list;
}

}  // namespace

std::int64_t edge_within(std::int64_t edge, std::int64_t least, std::int64_t work_per_pair) {
  while (edge / 2 >= least && edge * edge > kLaunchWork / work_per_pair) edge /= 2;
  return edge;
}

std::unique_ptr<ScreenMaker> make_screen(const MetricItems& items) { return std::visit(MakeScreen{}, items.sides); }

std::vector<DeviceInfo> CudaBackend::devices() const {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return {};
  }
  std::vector<DeviceInfo> all;
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess || properties.major < kLeastMajor ||
        properties.memoryPoolsSupported == 0) {
      continue;
    }
    all.push_back({{Device::Kind::cuda, index},
                   concat(properties.name, ", compute capability ", properties.major, ".", properties.minor, ", ",
                          properties.multiProcessorCount, " multiprocessors"),
                   static_cast<std::int64_t>(properties.totalGlobalMem)});
  }
  return all;
}

std::string CudaBackend::problem() const {
  int count = 0;
  const cudaError_t result = cudaGetDeviceCount(&count);
  static_cast<void>(cudaGetLastError());
  if (result != cudaSuccess) return concat("the driver says: ", cudaGetErrorString(result));
  if (count == 0) return "there is no GPU";
  if (!devices().empty()) return "";
  return concat("no GPU here has compute capability ", kLeastMajor, ".0 or newer, and memory pools");
}

CompareStats CudaBackend::compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                                  const Checkpoint* checkpoint) const {
  const auto start = std::chrono::steady_clock::now();
  const MetricItems items = metric.items();
  const auto maker = pairs.num_nodes() <= kMaxNodes ? make_screen(items) : nullptr;
  if (maker == nullptr || pairs.count() == 0) return CpuBackend().compare(pairs, metric, sink, context, checkpoint);

  const CurrentDevice current(context.device.index);
  auto here = take_kept(metric, context, pairs);
  if (here == nullptr) here = std::make_unique<OnDevice>(context, pairs);
  const auto cores_bytes =
      static_cast<std::int64_t>((items.left_cores.size() + items.right_cores.size()) * sizeof(double));
  ScreenCost cost = maker->cost();
  if (pairs.shape() == Pairs::Shape::list) cost.tile = cost_of_list(cost);
  MemoryPlan plan;
  try {
    const std::int64_t budget = here->gpu().budget_bytes();
    const std::int64_t sink_bytes = sink_device_bytes(pairs, sink, budget);
    plan = plan_memory(pairs, cost.tile, cost.bytes_per_item, sink_bytes + cores_bytes, budget);
  } catch (const Error&) {
    if (pairs.shape() != Pairs::Shape::list || metric.device().kind != Device::Kind::cpu) throw;
    return CpuBackend().compare(pairs, metric, sink, context, checkpoint);  // lists name any item: all or nothing
  }
  if (!plan.all_resident) here->forget();  // what is kept is all of them
  Screen& screen = here->screen(*maker, pairs, plan);
  CompareStats stats =
      compare_on({here->gpu(), screen, cost.tile, plan, items}, pairs, metric, sink, context, checkpoint);
  if (context.keep_features && plan.all_resident) metric.kept_features().put(std::move(here));
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

std::vector<std::int64_t> CudaBackend::edge_components(const EdgeList& edges, std::int64_t num_nodes,
                                                       const Context& context) const {
  const CurrentDevice current(context.device.index);
  return cuda::edge_components(edges, num_nodes, context);
}

}  // namespace simile::cuda

// What src/similarity/cuda_library.cpp looks for by name; all else is hidden.
extern "C" {

__attribute__((visibility("default"))) const char* simile_cuda_version() {
  return simile::kVersion.data();  // of a literal
}

__attribute__((visibility("default"))) const simile::Backend* simile_cuda_backend() {
  static const simile::cuda::CudaBackend backend;
  return &backend;
}

}  // extern "C"
