// SPDX-License-Identifier: Apache-2.0
// ORB: one pair of images a thread block. Each descriptor looks for its nearest among the other image's, in both
// directions; ties go to the lowest index, as distance and index are compared as one number.
#include <algorithm>
#include <memory>
#include <vector>

#include "cuda/similarity/residence.hpp"
#include "cuda/similarity/screen.hpp"
#include "similarity/arithmetic/orb.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 512;
constexpr std::int64_t kLeastEdge = 64;
constexpr int kBlock = 128;           // threads
constexpr std::int64_t kMost = 2048;  // descriptors of an image: what shared memory has room for
constexpr int kWords = 10;            // 32-bit words of a code: 30 bits in each (similarity/orb.cpp)

/// Images of one block on the device.
struct DescriptorRows {
  const std::uint32_t* codes;
  const std::int64_t* offsets;  ///< of the block's images, from the first one's
  std::int64_t begin;

  __device__ int count(std::int64_t image) const {
    return static_cast<int>(offsets[image - begin + 1] - offsets[image - begin]);
  }
  __device__ const std::uint32_t* of(std::int64_t image) const {
    return codes + (offsets[image - begin] - offsets[0]) * kWords;
  }
};

/// For every one of `count` codes the nearest of `others`: distance << 16 | index.
__device__ void find_nearest(const std::uint32_t* codes, int count, const std::uint32_t* others, int num_others,
                             std::uint32_t* nearest) {
  for (int k = static_cast<int>(threadIdx.x); k < count; k += kBlock) {
    std::uint32_t code[kWords];
#pragma unroll
    for (int word = 0; word < kWords; ++word) code[word] = codes[k * kWords + word];
    std::uint32_t best = 0xffffffff;
    for (int other = 0; other < num_others; ++other) {
      int distance = 0;
#pragma unroll
      for (int word = 0; word < kWords; ++word) distance += __popc(code[word] ^ others[other * kWords + word]);
      best = min(best, static_cast<std::uint32_t>(distance) << 16 | static_cast<std::uint32_t>(other));
    }
    nearest[k] = best;
  }
}

/// The similarity of a pair, for thread 0 of the block.
__device__ double match(const DescriptorRows& left, const DescriptorRows& right, std::int64_t row, std::int64_t col) {
  __shared__ std::uint32_t nearest_of_left[kMost];
  __shared__ std::uint32_t nearest_of_right[kMost];
  __shared__ int matches_at[kOrbBits + 1];  // by distance
  const int num_left = left.count(row);
  const int num_right = right.count(col);
  if (num_left == 0 || num_right == 0) return -INFINITY;
  __syncthreads();  // thread 0 may still add up the pair before
  for (int k = static_cast<int>(threadIdx.x); k <= kOrbBits; k += kBlock) matches_at[k] = 0;
  find_nearest(left.of(row), num_left, right.of(col), num_right, nearest_of_left);
  find_nearest(right.of(col), num_right, left.of(row), num_left, nearest_of_right);
  __syncthreads();
  for (int k = static_cast<int>(threadIdx.x); k < num_left; k += kBlock) {
    const std::uint32_t nearest = nearest_of_left[k];
    if ((nearest_of_right[nearest & 0xffff] & 0xffff) == static_cast<std::uint32_t>(k)) {
      atomicAdd(matches_at + (nearest >> 16), 1);
    }
  }
  __syncthreads();
  if (threadIdx.x != 0) return 0;
  int matches = 0;
  int largest = 0;
  for (int distance = 0; distance <= kOrbBits; ++distance) {
    matches += matches_at[distance];
    if (matches_at[distance] > 0) largest = distance;
  }
  int good = 0;
  for (int distance = 0; orb_good(distance, largest); ++distance) good += matches_at[distance];
  return orb_similarity(good, matches, largest);
}

template <class Sink>
__global__ void __launch_bounds__(kBlock)
    match_tile(DeviceTile tile, DescriptorRows left, DescriptorRows right, Cores cores, Sink sink) {
  const std::int64_t col = tile.cols.begin + blockIdx.x;
  for (std::int64_t row = tile.rows.begin + blockIdx.y; row < tile.rows.end; row += gridDim.y) {
    if (!tile.has(row, col)) continue;
    const double similarity = cores.bound(row, col, match(left, right, row, col));
    if (threadIdx.x == 0) sink.see(row, col, similarity, similarity);
  }
}

template <class Sink>
__global__ void __launch_bounds__(kBlock)
    match_list(DescriptorRows left, DescriptorRows right, Cores cores, Sink sink) {
  const auto count = static_cast<std::int64_t>(*sink.list.count);
  for (std::int64_t k = blockIdx.x; k < count; k += gridDim.x) {
    ScoredPair& pair = sink.list.pairs[k];
    const double similarity = match(left, right, pair.left, pair.right);
    if (threadIdx.x == 0) sink.decide(pair, cores.bound(pair.left, pair.right, similarity));
  }
}

struct DescriptorBlock {
  struct Source {
    DescriptorItems::Side side;
    std::int64_t room;  ///< descriptors of any block at most
    std::int64_t items;
  };

  void load(Gpu& gpu, const Source& source, const Range& items) {
    const DescriptorItems::Side& side = source.side;
    const Stream& stream = gpu.uploader().stream();
    if (codes.size() == 0) codes = DeviceBuffer<std::uint64_t>(source.room * side.codes.shape[1], stream);
    if (offsets.size() == 0) offsets = DeviceBuffer<std::int64_t>(source.items + 1, stream);
    const std::int64_t* const first = side.offsets.data() + items.begin;
    const std::int64_t count = (first[items.size()] - first[0]) * side.codes.shape[1];
    gpu.uploader().copy(codes.data(), side.codes.data + first[0] * side.codes.shape[1], count * 8);
    gpu.uploader().copy(offsets.data(), first, (items.size() + 1) * 8);
    rows = {reinterpret_cast<const std::uint32_t*>(codes.data()), offsets.data(), items.begin};
  }
  void prepare(Gpu& /*gpu*/, const Range& /*items*/) {}

  DeviceBuffer<std::uint64_t> codes;
  DeviceBuffer<std::int64_t> offsets;
  DescriptorRows rows{};
};

/// Room for any block of a side.
DescriptorBlock::Source source_of(const DescriptorItems::Side& side, std::int64_t block_edge) {
  const std::int64_t count = std::ssize(side.offsets) - 1;
  std::int64_t room = 1;
  for (std::int64_t begin = 0; begin < count; begin += block_edge) {
    const std::int64_t end = std::min(begin + block_edge, count);
    room = std::max(room, side.offsets[static_cast<std::size_t>(end)] - side.offsets[static_cast<std::size_t>(begin)]);
  }
  return {side, room, std::min(block_edge, count)};
}

class Descriptors final : public Screen {
 public:
  Descriptors(Gpu& gpu, const Pairs& pairs, const DescriptorItems& items, const MemoryPlan& plan)
      : gpu_(gpu),
        sides_(gpu, pairs, source_of(items.left, plan.block_edge), source_of(items.right, plan.block_edge), plan) {}

  void score(const Tile& tile, const Need& /*need*/, const Cores& cores, const Slot& /*slot*/,
             const DeviceSink& sink) override {
    score_all(tile, cores, sink);
  }
  void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) override { score_all(tile, cores, sink); }
  void decide(std::int64_t most, const Cores& cores, const DeviceSink& sink) override {
    const DescriptorRows left = sides_.left(0).rows;
    const DescriptorRows right = sides_.right(0).rows;
    std::visit(
        [&](const auto& any) {
          launch(gpu_.stream(), striding_grid(gpu_, most, 1), dim3(kBlock), match_list<std::decay_t<decltype(any)>>,
                 left, right, cores, any);
        },
        sink);
  }

 private:
  void score_all(const Tile& tile, const Cores& cores, const DeviceSink& sink) {
    const DescriptorRows left = sides_.left(tile.rows.begin).rows;
    const DescriptorRows right = sides_.right(tile.cols.begin).rows;
    std::visit(
        [&](const auto& any) {
          launch(gpu_.stream(), grid_of(tile.cols.size(), std::min(tile.rows.size(), kMaxBlocksAcross)), dim3(kBlock),
                 match_tile<std::decay_t<decltype(any)>>, DeviceTile(tile), left, right, cores, any);
        },
        sink);
  }

  Gpu& gpu_;
  ResidentSides<DescriptorBlock> sides_;
};

class DescriptorsMaker final : public ScreenMaker {
 public:
  explicit DescriptorsMaker(const DescriptorItems& items) : items_(items) {}
  ScreenCost cost() const override {
    ScreenCost cost;
    const std::int64_t most = std::max(items_.left.most, items_.right.most);
    cost.exact_work_per_pair = 1 + 2 * items_.left.most * items_.right.most;
    cost.tile.preferred_edge = edge_within(kEdge, kLeastEdge, cost.exact_work_per_pair);
    cost.bytes_per_item = 8 * items_.left.codes.shape[1] * most + 8;
    return cost;
  }
  std::unique_ptr<Screen> make(Gpu& gpu, const Pairs& pairs, const MemoryPlan& plan) const override {
    return std::make_unique<Descriptors>(gpu, pairs, items_, plan);
  }

 private:
  DescriptorItems items_;
};

}  // namespace

// Images of more descriptors than a block has room for are compared on the host.
std::unique_ptr<ScreenMaker> make_descriptors(const DescriptorItems& items) {
  if (std::max(items.left.most, items.right.most) > kMost || 2 * items.left.codes.shape[1] != kWords) return nullptr;
  return std::make_unique<DescriptorsMaker>(items);
}

}  // namespace simile::cuda
