// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "cuda/core/gpu.hpp"
#include "cuda/similarity/device_sinks.cuh"
#include "cuda/similarity/fused/rounded_set.hpp"
#include "cuda/similarity/memory_plan.hpp"
#include "cuda/similarity/score.cuh"

#include "simile/similarity/items.hpp"
#include "simile/similarity/tile.hpp"

namespace simile::cuda {

/// Scratch of the tile that is being scored.
struct Slot {
  DeviceBuffer<std::uint8_t> scratch;  ///< what Screen::cost() says, aligned as the device allocates
  DeviceBuffer<ScoredPair> pairs;
  DeviceBuffer<unsigned long long> count;

  PairList list() const { return {pairs.data(), count.data()}; }
};

/// What a metric says of itself before it takes memory.
struct ScreenCost {
  Cost tile;                        ///< scratch of a slot, beside the list of pairs
  std::int64_t bytes_per_item = 0;  ///< of what the device holds of an item
  /// Of the definition in doubles where these are slow, in the steps of kLaunchWork.
  std::int64_t exact_work_per_pair = 1;
};

/// Work of one launch at most, in steps of some ten instructions in single precision: a second of a small GPU, a tenth
/// of a large one's. A GPU that drives a display stops what takes seconds.
inline constexpr std::int64_t kLaunchWork = 300'000'000'000;
/// What GPUs with few units for doubles say of Gpu::singles_per_double().
inline constexpr std::int64_t kSlowDoubles = 64;
/// The edge, halved until a tile is no more than that, but no further than `least`, which a large GPU needs to be busy.
std::int64_t edge_within(std::int64_t edge, std::int64_t least, std::int64_t work_per_pair);

/// A metric on the device: its items, how a tile is scored, and its definition. Work is queued on the device's stream.
class Screen {
 public:
  virtual ~Screen() = default;

  /// Shows the sink every pair of a block, by intervals as narrow as need.max_width, and queues the evaluation of what
  /// it leaves open. The rows and the columns of the tile lie in one block of the memory plan each.
  virtual void score(const Tile& tile, const Need& need, const Cores& cores, const Slot& slot,
                     const DeviceSink& sink) = 0;
  /// Shows the sink every pair of a block exactly.
  virtual void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) = 0;
  /// Evaluates what is in the sink's list already, at most `most` pairs, of which the items lie in one block each.
  virtual void decide(std::int64_t most, const Cores& cores, const DeviceSink& sink) = 0;
  /// The rows of a set that is compared by cosine, where all of them are resident.
  virtual std::optional<ResidentRows> resident_rows() { return std::nullopt; }
};

/// A metric on the device before anything is there: what it costs, and how it is set up.
class ScreenMaker {
 public:
  virtual ~ScreenMaker() = default;
  virtual ScreenCost cost() const = 0;
  virtual std::unique_ptr<Screen> make(Gpu& gpu, const Pairs& pairs, const MemoryPlan& plan) const = 0;
};

// One file each. Null where the device does not do these items.
std::unique_ptr<ScreenMaker> make_vectors(const VectorItems& items);
std::unique_ptr<ScreenMaker> make_codes(const CodeItems& items);
std::unique_ptr<ScreenMaker> make_signatures(const SignatureItems& items);
std::unique_ptr<ScreenMaker> make_descriptors(const DescriptorItems& items);
std::unique_ptr<ScreenMaker> make_grey(const GreyItems& items);
std::unique_ptr<ScreenMaker> make_colour(const ColourItems& items);
/// The one of these that fits.
std::unique_ptr<ScreenMaker> make_screen(const MetricItems& items);

}  // namespace simile::cuda
