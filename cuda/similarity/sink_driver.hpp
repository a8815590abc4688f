// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "cuda/similarity/screen.hpp"

#include "simile/similarity/compare.hpp"

namespace simile::cuda {

/// The host's side of a sink: what it does on the device, and what comes back from there.
class SinkDriver {
 public:
  virtual ~SinkDriver() = default;

  /// The sink has begun, or taken over a checkpoint: takes to the device what it knows.
  virtual void begin() {}
  /// Asks whether nothing in the tile can change the result any more, and gives the answer to what was asked last; what
  /// is queued between the two need not be done for it.
  virtual void ask_settled(const Tile& /*tile*/) {}
  virtual bool settled() { return false; }
  /// The tile is next: takes to the device what has become known since the one before.
  virtual void prepare(const Tile& /*tile*/) {}
  /// What sees the pairs of the tile for which the sink has this need.
  virtual DeviceSink device_sink(const Need& need, const PairList& list) const = 0;
  /// All that shows the tile's pairs and evaluates what was left open has been queued.
  virtual void shown(const Tile& /*tile*/) {}
  /// The tile's pairs have been seen, and what was left open has been evaluated.
  virtual void collect(const Tile& /*tile*/, const PairList& /*list*/) {}
  /// Brings all that the device knows into the sink: before it is saved, and in the end.
  virtual void bring_home() {}
};

/// What a driver works with; all outlives it.
struct SinkSetting {
  Gpu& gpu;
  const Pairs& pairs;
  Sink& sink;
  const Context& context;
  std::span<Exact> exact;   ///< one for each worker
  std::int64_t host_bytes;  ///< that it may take for what comes to the host
};

/// Components, histograms and row sums are made on the device; of other sinks' pairs what reaches the floor (of TopK:
/// of one of its items) and no known forest dominates (SpanningTree) comes to the host, with exact similarities, and is
/// consumed there by all workers. Row sums, items' floors and the forest only where they fit.
std::unique_ptr<SinkDriver> make_sink_driver(const SinkSetting& setting);

/// Bytes that the driver takes on the device, which may do with so many, and the least that it needs on the host.
std::int64_t sink_device_bytes(const Pairs& pairs, const Sink& sink, std::int64_t budget_bytes);
std::int64_t sink_host_bytes(const Sink& sink);

}  // namespace simile::cuda
