// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>

#include "core/exact_sum_parts.hpp"
#include "cuda/similarity/sinks/drivers.hpp"

namespace simile::cuda {
namespace {

// So many terms below 2^32 leave a limb below 2^62.
constexpr std::int64_t kMostTerms = 1LL << 30;
constexpr std::int64_t kNodesAtOnce = 1 << 6;  // that come to the host: less than a CollectDriver needs there

/// Sums are made on the device; the host rounds them.
class RowSumsDriver final : public SinkDriver {
 public:
  RowSumsDriver(const SinkSetting& setting, RowSums& sums)
      : stream_(setting.gpu.stream()),
        sums_(sums),
        num_nodes_(setting.pairs.num_nodes()),
        right_begin_(setting.pairs.right_node(0)),
        limbs_(num_nodes_ * kSumLimbs, stream_),
        specials_(num_nodes_, stream_) {
    clear();
  }

  void prepare(const Tile& tile) override {
    // Of one node: it may be a row and a column of the tile, or both ends of every pair of a list.
    const std::int64_t terms = tile.list.empty() ? tile.rows.size() + tile.cols.size() : 2 * std::ssize(tile.list);
    if (terms_ + terms > kMostTerms) bring_home();
    terms_ += terms;
  }

  DeviceSink device_sink(const Need& /*need*/, const PairList& list) const override {
    return DeviceRowSums{list, limbs_.data(), specials_.data(), right_begin_};
  }

  void bring_home() override {
    for (std::int64_t begin = 0; begin < num_nodes_; begin += kNodesAtOnce) {
      const std::int64_t count = std::min(kNodesAtOnce, num_nodes_ - begin);
      copy_to_host(limbs_at_home_.data(), limbs_.data() + begin * kSumLimbs, count * kSumLimbs, stream_);
      copy_to_host(specials_at_home_.data(), specials_.data() + begin, count, stream_);
      stream_.synchronize();
      for (std::int64_t k = 0; k < count; ++k) {
        std::int64_t limbs[kSumLimbs];  // two's complement
        std::copy_n(limbs_at_home_.data() + k * kSumLimbs, kSumLimbs, limbs);
        sums_.add(begin + k, ExactSum(std::span<const std::int64_t, kSumLimbs>(limbs), specials_at_home_.data()[k]));
      }
    }
    clear();
  }

 private:
  void clear() {
    fill_zero(limbs_.data(), limbs_.size(), stream_);
    fill_zero(specials_.data(), specials_.size(), stream_);
    terms_ = 0;
  }

  const Stream& stream_;
  RowSums& sums_;
  std::int64_t num_nodes_;
  std::int64_t right_begin_;
  DeviceBuffer<unsigned long long> limbs_;
  DeviceBuffer<unsigned> specials_;
  PinnedBuffer<unsigned long long> limbs_at_home_{kNodesAtOnce * kSumLimbs};
  PinnedBuffer<unsigned> specials_at_home_{kNodesAtOnce};
  std::int64_t terms_ = 0;  // that any one sum has at most
};

}  // namespace

std::unique_ptr<SinkDriver> make_row_sums_driver(const SinkSetting& setting, RowSums& sums) {
  return std::make_unique<RowSumsDriver>(setting, sums);
}

std::int64_t row_sums_device_bytes(const Pairs& pairs) { return pairs.num_nodes() * (kSumLimbs * 8 + 4); }

}  // namespace simile::cuda
