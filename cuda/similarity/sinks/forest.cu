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
        gpu_(setting.gpu),
        right_begin_(setting.pairs.right_node(0)),
        tree_(tree),
        links_{DeviceBuffer<Link>(setting.pairs.num_nodes(), gpu_.stream()),
               DeviceBuffer<Link>(setting.pairs.num_nodes(), gpu_.stream())} {}

  void begin() override {
    gpu_.uploader().follow(gpu_.stream());  // has taken the memory
    take_forest();
  }
  DeviceSink device_sink(const Need& need, const PairList& list) const override {
    return DeviceForest{list, need.floor, links_[now_].data(), right_begin_};
  }
  void collect(const Tile& tile, const PairList& list) override {
    CollectDriver::collect(tile, list);
    take_forest();
  }

 private:
  /// The tile that is being scored keeps the forest with which it began: an older one only drops less. What read the
  /// one before that has been collected, so that its memory is free.
  void take_forest() {
    auto known = tree_.known();
    if (known == known_) return;
    known_ = std::move(known);
    now_ = 1 - now_;
    const DeviceBuffer<Link>& links = links_[now_];
    gpu_.uploader().copy(links.data(), known_->links().data(), static_cast<std::int64_t>(links.bytes()));
    gpu_.uploader().precede(gpu_.stream());
  }

  Gpu& gpu_;
  std::int64_t right_begin_;
  const SpanningTree& tree_;
  std::shared_ptr<const Linkage> known_;  // that the device has
  DeviceBuffer<Link> links_[2];
  std::size_t now_ = 0;
};

}  // namespace

std::unique_ptr<SinkDriver> make_forest_driver(const SinkSetting& setting, const SpanningTree& tree) {
  return std::make_unique<ForestDriver>(setting, tree);
}

std::int64_t forest_device_bytes(const Pairs& pairs) {
  return 2 * pairs.num_nodes() * static_cast<std::int64_t>(sizeof(Link));
}

}  // namespace simile::cuda
