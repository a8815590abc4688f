// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>

#include "cuda/core/gpu.hpp"
#include "cuda/similarity/memory_plan.hpp"

#include "simile/similarity/tile.hpp"

namespace simile::cuda {

/// The items of one side on the device, by blocks that are loaded when they are asked for; where not all have room, the
/// one that was used longest ago makes place.
///
/// Block is a metric's own: made empty, it has a Source, from which `load(gpu, source, items)` fills it. That takes
/// memory on, and copies through, the uploader's stream; `prepare(gpu, items)` then queues what makes more of the
/// copies on the device's stream. Memory that is too small for a block is given back before more is taken: places are
/// planned for full ones.
template <class Block>
class Residence {
 public:
  using Source = typename Block::Source;

  /// per_tile: blocks that are asked for before the work that needs them is queued, 1 or 2; at most `capacity`.
  Residence(Gpu& gpu, const Source& source, std::int64_t num_items, std::int64_t block_edge, std::size_t capacity,
            int per_tile)
      : gpu_(gpu),
        source_(source),
        num_items_(num_items),
        block_edge_(block_edge),
        capacity_(capacity),
        per_tile_(per_tile) {}

  /// The block that holds an item, for work that is queued on the device's stream before per_tile others are asked for.
  const Block& at(std::int64_t item) {
    record_free();
    const std::int64_t begin = item / block_edge_ * block_edge_;
    const Range wanted{begin, std::min(begin + block_edge_, num_items_)};
    for (auto& held : held_) {
      if (held.items == wanted) return use(held);
    }
    if (held_.size() < capacity_) held_.emplace_back();
    const auto place = std::min_element(held_.begin(), held_.end(),
                                        [](const Held& a, const Held& b) { return a.last_use < b.last_use; });
    try {
      fill(*place, wanted);
    } catch (...) {
      // What has been queued works in memory that goes in the order of another stream.
      static_cast<void>(cudaStreamSynchronize(gpu_.stream().get()));
      held_.erase(place);  // it may have got a part of its memory only
      throw;
    }
    return use(*place);
  }

 private:
  struct Held {
    Range items{0, 0};
    std::int64_t last_use = 0;
    Block block;
    Event free;            ///< what reads the block is done
    bool recorded = true;  ///< of the last use
  };

  /// As soon as the last work of a block is queued: another is loaded in its place while later tiles are at work.
  void record_free() {
    for (auto& held : held_) {
      if (!held.recorded && held.last_use + per_tile_ <= uses_ + 1) record_free(held);
    }
  }
  void record_free(Held& held) {
    gpu_.stream().record(held.free);
    held.recorded = true;
  }

  void fill(Held& place, const Range& wanted) {
    place.items = {0, 0};
    if (!place.recorded) record_free(place);
    gpu_.uploader().stream().wait(place.free);
    place.block.load(gpu_, source_, wanted);
    gpu_.uploader().precede(gpu_.stream());
    place.block.prepare(gpu_, wanted);
    place.items = wanted;
  }

  const Block& use(Held& held) {
    held.last_use = ++uses_;
    held.recorded = false;
    return held.block;
  }

  Gpu& gpu_;
  Source source_;
  std::int64_t num_items_;
  std::int64_t block_edge_;
  std::size_t capacity_;
  int per_tile_;
  std::list<Held> held_;
  std::int64_t uses_ = 0;
};

/// Both sides of a metric; of one set they are the same blocks.
template <class Block>
class ResidentSides {
 public:
  using Source = typename Block::Source;

  ResidentSides(Gpu& gpu, const Pairs& pairs, const Source& left, const Source& right, const MemoryPlan& plan)
      : left_(gpu, left, pairs.num_left(), plan.block_edge, pairs.one_set() ? kHeldBlocks : kHeldBlocks / 2,
              pairs.one_set() ? 2 : 1) {
    if (!pairs.one_set()) right_.emplace(gpu, right, pairs.num_right(), plan.block_edge, kHeldBlocks / 2, 1);
  }

  const Block& left(std::int64_t item) { return left_.at(item); }
  const Block& right(std::int64_t item) { return right_ ? right_->at(item) : left_.at(item); }

 private:
  Residence<Block> left_;
  std::optional<Residence<Block>> right_;
};

}  // namespace simile::cuda
