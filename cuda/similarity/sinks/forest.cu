// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/sinks/collect.hpp"
#include "cuda/similarity/sinks/drivers.hpp"
#include "similarity/linkage.hpp"

namespace simile::cuda {
namespace {

/// Leaves on the device what the forest known so far dominates.
class ForestDriver final : public CollectDriver {
 public:
  ForestDriver(const SinkSetting& setting, const SpanningTree& tree)
      : CollectDriver(setting),
        stream_(setting.gpu.stream()),
        right_begin_(setting.pairs.right_node(0)),
        tree_(tree),
        links_(setting.pairs.num_nodes(), stream_) {}

  void begin() override { take_forest(); }
  DeviceSink device_sink(const Need& need, const PairList& list) const override {
    return DeviceForest{list, need.floor, links_.data(), right_begin_};
  }
  void collect(const Tile& tile, const PairList& list) override {
    CollectDriver::collect(tile, list);
    take_forest();
  }

 private:
  /// In the order of the stream: the tile that is being scored has the forest with which it began. An older forest only
  /// drops less.
  void take_forest() {
    auto known = tree_.known();
    if (known == known_) return;
    known_ = std::move(known);
    copy_to_device(links_.data(), known_->links().data(), links_.size(), stream_);
  }

  const Stream& stream_;
  std::int64_t right_begin_;
  const SpanningTree& tree_;
  std::shared_ptr<const Linkage> known_;  // that the device has
  DeviceBuffer<Link> links_;
};

}  // namespace

std::unique_ptr<SinkDriver> make_forest_driver(const SinkSetting& setting, const SpanningTree& tree) {
  return std::make_unique<ForestDriver>(setting, tree);
}

std::int64_t forest_device_bytes(const Pairs& pairs) {
  return pairs.num_nodes() * static_cast<std::int64_t>(sizeof(Link));
}

}  // namespace simile::cuda
