// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "cuda/similarity/sink_driver.hpp"

namespace simile::cuda {

/// Brings pairs to the host, with exact similarities, where all workers consume them.
class CollectDriver : public SinkDriver {
 public:
  explicit CollectDriver(const SinkSetting& setting);

  /// What it needs on the host at least.
  static std::int64_t least_host_bytes();

  DeviceSink device_sink(const Need& need, const PairList& list) const override {
    return DeviceCollect{list, need.floor};
  }
  void collect(const Tile& tile, const PairList& list) override;

 protected:
  /// Of the first `count` pairs of a tile's list, how many are to come: those that are moved to the front. Waits.
  virtual std::int64_t sift(const PairList& /*list*/, std::int64_t count, const Stream& /*stream*/) { return count; }

 private:
  void copy(const PairList& list, std::int64_t begin, std::int64_t count, std::int64_t piece);
  void consume(const Tile& tile, std::span<const ScoredPair> scored);

  SinkSetting setting_;
  std::int64_t pairs_at_once_;
  PinnedBuffer<unsigned long long> count_{1};
  PinnedBuffer<ScoredPair> pieces_[2];
  Stream stream_;  // the last: it is waited for before what it copies to goes
};

}  // namespace simile::cuda
