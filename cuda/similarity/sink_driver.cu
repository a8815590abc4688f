// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <vector>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/sink_driver.hpp"

#include "simile/similarity/components.hpp"
#include "simile/similarity/histogram.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kFewestPairs = 1 << 10;  // that come to the host at a time
constexpr std::int64_t kMostPairs = 1 << 17;
// Floors that go to the device at a time, and how many such pieces may be under way: those of two tiles.
constexpr std::int64_t kFloorsAtOnce = 1 << 12;
constexpr std::size_t kFloorPieces = 8;
constexpr std::int64_t kPiece = 1 << 14;  // that a worker consumes at a time

/// Sets `found` when a node of the range has another root than node `first`.
__global__ void find_other_root(Parents parents, std::int32_t first, std::int32_t begin, std::int32_t end, int* found) {
  const std::int32_t root = parents.find(first);
  const auto step = static_cast<std::int32_t>(gridDim.x * blockDim.x);
  for (auto node = begin + static_cast<std::int32_t>(blockIdx.x * blockDim.x + threadIdx.x); node < end; node += step) {
    if (parents.find(node) != root) *found = 1;
  }
}

class CollectDriver : public SinkDriver {
 public:
  explicit CollectDriver(const SinkSetting& setting)
      : setting_(setting),
        pairs_at_once_(std::clamp(setting.host_bytes / (2 * static_cast<std::int64_t>(sizeof(ScoredPair))),
                                  kFewestPairs, kMostPairs)),
        pieces_{PinnedBuffer<ScoredPair>(pairs_at_once_), PinnedBuffer<ScoredPair>(pairs_at_once_)} {}

  DeviceSink device_sink(const Need& need, const PairList& list) const override {
    return DeviceCollect{list, need.floor, {}};
  }

  void collect(const Tile& tile, const PairList& list) override {
    copy_to_host(count_.data(), list.count, 1, stream_);
    stream_.synchronize();
    const auto count = static_cast<std::int64_t>(*count_.data());
    // While one piece is consumed the next one comes.
    copy(list, 0, count, 0);
    for (std::int64_t begin = 0, k = 0; begin < count; begin += pairs_at_once_, k = 1 - k) {
      stream_.synchronize();
      copy(list, begin + pairs_at_once_, count, 1 - k);
      consume(tile, {pieces_[k].data(), static_cast<std::size_t>(std::min(pairs_at_once_, count - begin))});
    }
  }

 private:
  void copy(const PairList& list, std::int64_t begin, std::int64_t count, std::int64_t piece) {
    if (begin >= count) return;
    copy_to_host(pieces_[piece].data(), list.pairs + begin, std::min(pairs_at_once_, count - begin), stream_);
  }
  void consume(const Tile& tile, std::span<const ScoredPair> scored) {
    const auto size = static_cast<std::int64_t>(scored.size());
    const Cancellation never;  // what is begun is completed: checkpoints count whole tiles
    setting_.context.pool.parallel_for(blocks_for(size, kPiece), never, [&](int worker, std::int64_t piece) {
      const auto begin = static_cast<std::size_t>(piece * kPiece);
      const auto part = scored.subspan(begin, std::min<std::size_t>(kPiece, scored.size() - begin));
      setting_.sink.consume(worker, tile, part, setting_.exact[static_cast<std::size_t>(worker)]);
    });
  }

  SinkSetting setting_;
  std::int64_t pairs_at_once_;
  Stream stream_;
  PinnedBuffer<unsigned long long> count_{1};
  PinnedBuffer<ScoredPair> pieces_[2];
};

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

class ComponentsDriver final : public SinkDriver {
 public:
  ComponentsDriver(const SinkSetting& setting, Components& components)
      : gpu_(setting.gpu),
        pairs_(setting.pairs),
        components_(components),
        parents_(setting.pairs.num_nodes(), setting.gpu.stream()) {}

  void begin() override {
    const auto labels = components_.known_labels();
    const std::vector<std::int32_t> nodes(labels.begin(), labels.end());
    copy_to_device(parents_.data(), nodes.data(), parents_.size(), gpu_.stream());
    gpu_.stream().synchronize();
  }

  void ask_settled(const Tile& tile) override {
    asked_ = tile.list.empty();
    if (!asked_) return;
    const auto first = static_cast<std::int32_t>(tile.rows.begin);
    fill_zero(found_.data(), 1, gpu_.stream());
    for (const auto& [begin, end] :
         {Range{tile.rows}, Range{pairs_.right_node(tile.cols.begin), pairs_.right_node(tile.cols.end)}}) {
      launch(gpu_.stream(), striding_grid(gpu_, end - begin, kThreads), dim3(kThreads), find_other_root, parents(),
             first, static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end), found_.data());
    }
    copy_to_host(answer_.data(), found_.data(), 1, gpu_.stream());
    gpu_.stream().record(answered_);
  }
  bool settled() override {
    if (!asked_) return false;
    answered_.wait();
    return *answer_.data() == 0;
  }

  DeviceSink device_sink(const Need& /*need*/, const PairList& list) const override {
    return DeviceComponents{list, components_.threshold(), parents(), pairs_.right_node(0)};
  }

  void bring_home() override {
    std::vector<std::int32_t> nodes(static_cast<std::size_t>(parents_.size()));
    copy_to_host(nodes.data(), parents_.data(), parents_.size(), gpu_.stream());
    gpu_.stream().synchronize();
    components_.unite(std::vector<std::int64_t>(nodes.begin(), nodes.end()));
  }

 private:
  Parents parents() const { return {parents_.data()}; }

  Gpu& gpu_;
  const Pairs& pairs_;
  Components& components_;
  DeviceBuffer<std::int32_t> parents_;
  DeviceBuffer<int> found_{1, gpu_.stream()};
  PinnedBuffer<int> answer_{1};
  Event answered_;
  bool asked_ = false;
};

class HistogramDriver final : public SinkDriver {
 public:
  HistogramDriver(const SinkSetting& setting, Histogram& histogram)
      : gpu_(setting.gpu),
        histogram_(histogram),
        borders_(histogram.num_bins(), gpu_.stream()),
        ends_(histogram.num_bins(), gpu_.stream()),
        counts_(histogram.num_bins() + 1, gpu_.stream()) {
    std::vector<double> borders;
    for (std::int64_t k = 0; k <= histogram.num_bins(); ++k) borders.push_back(histogram.border(k));
    low_ = borders.front();
    bins_per_unit_ = static_cast<double>(histogram.num_bins()) / (borders.back() - low_);
    borders.back() = std::numeric_limits<double>::infinity();  // the last bin has no end
    copy_to_device(borders_.data(), borders.data(), borders_.size(), gpu_.stream());
    copy_to_device(ends_.data(), borders.data() + 1, ends_.size(), gpu_.stream());
    fill_zero(counts_.data(), counts_.size(), gpu_.stream());
    gpu_.stream().synchronize();
  }

  DeviceSink device_sink(const Need& /*need*/, const PairList& list) const override {
    return DeviceHistogram{
        list, {low_, bins_per_unit_, borders_.data(), ends_.data(), histogram_.num_bins()}, counts_.data()};
  }

  void bring_home() override {
    std::vector<unsigned long long> counts(static_cast<std::size_t>(counts_.size()));
    copy_to_host(counts.data(), counts_.data(), counts_.size(), gpu_.stream());
    fill_zero(counts_.data(), counts_.size(), gpu_.stream());
    gpu_.stream().synchronize();
    histogram_.add(std::vector<std::int64_t>(counts.begin(), counts.end()));
  }

 private:
  Gpu& gpu_;
  Histogram& histogram_;
  DeviceBuffer<double> borders_;
  DeviceBuffer<double> ends_;
  DeviceBuffer<unsigned long long> counts_;
  double low_ = 0;
  double bins_per_unit_ = 0;
};

}  // namespace

std::unique_ptr<SinkDriver> make_sink_driver(const SinkSetting& setting) {
  if (auto* const components = dynamic_cast<Components*>(&setting.sink)) {
    return std::make_unique<ComponentsDriver>(setting, *components);
  }
  if (auto* const histogram = dynamic_cast<Histogram*>(&setting.sink)) {
    return std::make_unique<HistogramDriver>(setting, *histogram);
  }
  if (const auto* const top_k = dynamic_cast<const TopK*>(&setting.sink)) {
    return std::make_unique<TopKDriver>(setting, *top_k);
  }
  return std::make_unique<CollectDriver>(setting);
}

std::int64_t sink_device_bytes(const Pairs& pairs, const Sink& sink) {
  if (dynamic_cast<const Components*>(&sink) != nullptr) return pairs.num_nodes() * 4 + 4;
  if (dynamic_cast<const TopK*>(&sink) != nullptr) return pairs.num_left() * 8;
  const auto* const histogram = dynamic_cast<const Histogram*>(&sink);
  return histogram == nullptr ? 0 : 24 * (histogram->num_bins() + 1);
}

std::int64_t sink_host_bytes(const Sink& sink) {
  const bool on_device =
      dynamic_cast<const Components*>(&sink) != nullptr || dynamic_cast<const Histogram*>(&sink) != nullptr;
  if (on_device) return 0;
  const std::int64_t floors =
      dynamic_cast<const TopK*>(&sink) == nullptr ? 0 : kFloorsAtOnce * static_cast<std::int64_t>(kFloorPieces) * 8;
  return 2 * kFewestPairs * static_cast<std::int64_t>(sizeof(ScoredPair)) + floors;
}

}  // namespace simile::cuda
