// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "cuda/similarity/sink_driver.hpp"

#include "simile/similarity/tile.hpp"

namespace simile::cuda {

/// One comparison on a device: tiles go in, are cut until they fit, scored one after the other, and taken in by the
/// sink while the next one is being scored.
class Comparison {
 public:
  struct Setting {
    Gpu& gpu;
    const Pairs& pairs;
    Sink& sink;
    SinkDriver& driver;
    Screen& screen;
    const Cost& cost;
    const MemoryPlan& plan;
    const MetricItems& items;  ///< for the cores
  };
  explicit Comparison(const Setting& setting);

  /// Queues a tile; what of it waits for the host is done by a later call.
  void process(const Tile& tile);
  /// Until all is done that was queued.
  void finish();

  /// Columns that a tile of so many rows has room for.
  std::int64_t widest(std::int64_t rows) const { return cuda::widest(setting_.cost, rows, max_edge_); }

  std::int64_t tiles_split() const { return tiles_split_; }
  /// Pairs that screens left open on the device, for the definition; after finish().
  std::int64_t exact_evaluations() const;

 private:
  struct Work {
    Slot slot;
    Tile tile;
    Event done;
    bool pending = false;
  };

  bool must_cut(const Tile& tile, std::vector<Tile>& parts) const;
  void score(const Tile& tile, Work& work);
  void take_in(Work& work);
  void make_room(const Tile& tile, Work& work);
  void list_pairs(const Tile& tile, Work& work);

  Setting setting_;
  std::int64_t max_edge_;
  DeviceBuffer<double> left_cores_;
  DeviceBuffer<double> right_cores_;
  Cores cores_{};
  DeviceBuffer<unsigned long long> evaluations_;
  std::array<Work, kSlots> works_;
  std::size_t next_ = 0;
  std::int64_t tiles_split_ = 0;
};

}  // namespace simile::cuda
