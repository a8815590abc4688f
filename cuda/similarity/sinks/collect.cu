// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/sinks/collect.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kFewestPairs = 1 << 10;  // that come to the host at a time
constexpr std::int64_t kMostPairs = 1 << 17;
constexpr std::int64_t kPiece = 1 << 14;  // that a worker consumes at a time

}  // namespace

CollectDriver::CollectDriver(const SinkSetting& setting)
    : setting_(setting),
      pairs_at_once_(std::clamp(setting.host_bytes / (2 * static_cast<std::int64_t>(sizeof(ScoredPair))), kFewestPairs,
                                kMostPairs)),
      pieces_{PinnedBuffer<ScoredPair>(pairs_at_once_), PinnedBuffer<ScoredPair>(pairs_at_once_)} {}

std::int64_t CollectDriver::least_host_bytes() {
  return 2 * kFewestPairs * static_cast<std::int64_t>(sizeof(ScoredPair));
}

void CollectDriver::collect(const Tile& tile, const PairList& list) {
  copy_to_host(count_.data(), list.count, 1, stream_);
  stream_.synchronize();
  const std::int64_t count = sift(list, static_cast<std::int64_t>(*count_.data()), stream_);
  // While one piece is consumed the next one comes.
  copy(list, 0, count, 0);
  for (std::int64_t begin = 0, k = 0; begin < count; begin += pairs_at_once_, k = 1 - k) {
    stream_.synchronize();
    copy(list, begin + pairs_at_once_, count, 1 - k);
    ScoredPair* const first = pieces_[k].data();
    // What is open still is what the sink on the device did not want any more.
    ScoredPair* const end = std::remove_if(first, first + std::min(pairs_at_once_, count - begin),
                                           [](const ScoredPair& pair) { return pair.low < pair.high; });
    consume(tile, {first, end});
  }
}

void CollectDriver::copy(const PairList& list, std::int64_t begin, std::int64_t count, std::int64_t piece) {
  if (begin >= count) return;
  copy_to_host(pieces_[piece].data(), list.pairs + begin, std::min(pairs_at_once_, count - begin), stream_);
}

void CollectDriver::consume(const Tile& tile, std::span<const ScoredPair> scored) {
  const auto size = static_cast<std::int64_t>(scored.size());
  const Cancellation never;  // what is begun is completed: checkpoints count whole tiles
  setting_.context.pool.parallel_for(blocks_for(size, kPiece), never, [&](int worker, std::int64_t piece) {
    const auto begin = static_cast<std::size_t>(piece * kPiece);
    const auto part = scored.subspan(begin, std::min<std::size_t>(kPiece, scored.size() - begin));
    setting_.sink.consume(worker, tile, part, setting_.exact[static_cast<std::size_t>(worker)]);
  });
}

}  // namespace simile::cuda
