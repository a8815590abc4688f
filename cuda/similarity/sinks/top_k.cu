// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "cuda/similarity/sinks/collect.hpp"
#include "cuda/similarity/sinks/drivers.hpp"

namespace simile::cuda {
namespace {

// Floors that go to the device at a time, and how many such pieces may be under way: those of two tiles.
constexpr std::int64_t kFloorsAtOnce = 1 << 12;
constexpr std::size_t kFloorPieces = 8;

/// Knows what every row has found so far, where the tile's floor is that of the row that has found least.
class TopKDriver final : public CollectDriver {
 public:
  TopKDriver(const SinkSetting& setting, const TopK& top_k)
      : CollectDriver(setting),
        stream_(setting.gpu.stream()),
        top_k_(top_k),
        one_set_(setting.pairs.one_set()),
        floors_(setting.pairs.num_left(), stream_) {}

  void prepare(const Tile& tile) override {
    known_ = tile.list.empty();
    if (!known_) return;
    upload(tile.rows);
    if (one_set_ && tile.cols != tile.rows) upload(tile.cols);
  }

  DeviceSink device_sink(const Need& need, const PairList& list) const override {
    ItemFloors items;
    if (known_) items = {floors_.data(), one_set_ ? floors_.data() : nullptr};
    return DeviceCollect{list, need.floor, items};
  }

 private:
  /// In the stream of the kernels: those of the tile before read floors still.
  void upload(const Range& range) {
    for (std::int64_t begin = range.begin; begin < range.end; begin += kFloorsAtOnce) {
      const std::int64_t end = std::min(begin + kFloorsAtOnce, range.end);
      Piece& piece = pieces_[next_];
      next_ = (next_ + 1) % pieces_.size();
      piece.copied.wait();
      for (std::int64_t item = begin; item < end; ++item) piece.floors.data()[item - begin] = top_k_.floor(item);
      copy_to_device(floors_.data() + begin, piece.floors.data(), end - begin, stream_);
      stream_.record(piece.copied);
    }
  }

  struct Piece {
    PinnedBuffer<double> floors{kFloorsAtOnce};
    Event copied;
  };

  const Stream& stream_;
  const TopK& top_k_;
  bool one_set_;
  bool known_ = false;
  DeviceBuffer<double> floors_;
  std::array<Piece, kFloorPieces> pieces_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<SinkDriver> make_top_k_driver(const SinkSetting& setting, const TopK& top_k) {
  return std::make_unique<TopKDriver>(setting, top_k);
}

std::int64_t top_k_device_bytes(const Pairs& pairs) { return pairs.num_left() * 8; }

}  // namespace simile::cuda
