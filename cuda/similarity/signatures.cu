// SPDX-License-Identifier: Apache-2.0
// Minhash: unequal minima are counted; blocks of pairs that the first ones decide are left off.
#include <algorithm>
#include <cmath>

#include "cuda/similarity/count_words.cuh"
#include "similarity/arithmetic/minhash.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 8192;
constexpr std::uint32_t kNoMinimum = 0xffffffff;  // of an image without corners

struct Unequal {
  std::int32_t reach;
  const std::uint8_t* left_empty;  ///< [items] of the blocks: alike to nothing
  const std::uint8_t* right_empty;
  std::int64_t left_begin;
  std::int64_t right_begin;

  static __device__ std::int32_t term(std::uint32_t x, std::uint32_t y) { return x == y ? 0 : 1; }
  __device__ double similarity(std::int64_t left, std::int64_t right, std::int64_t unequal) const {
    if (left_empty[left - left_begin] != 0 || right_empty[right - right_begin] != 0) return -INFINITY;
    return minhash_similarity(kMinhashLength - unequal);
  }
};

/// One item a team.
__global__ void find_empty(WordRows rows, std::int64_t count, std::uint8_t* empty) {
  const Team team = Team::here();
  const std::int64_t item = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam;
  if (item >= count) return;
  bool none = true;
  for (std::int64_t k = team.lane; k < rows.count; k += kTeam)
    none = none && rows.row(rows.begin + item)[k] == kNoMinimum;
  none = team.all(none);
  if (team.lane == 0) empty[item] = none ? 1 : 0;
}

struct SignatureBlock {
  using Source = View<const std::uint32_t, 2>;

  void load(Gpu& gpu, const Source& source, const Range& items) {
    const std::int64_t count = items.size() * kMinhashLength;
    if (words.size() < count) {
      words = {};
      empty = {};
      words = DeviceBuffer<std::uint32_t>(count, gpu.uploader().stream());
      empty = DeviceBuffer<std::uint8_t>(items.size(), gpu.uploader().stream());
    }
    gpu.uploader().copy(words.data(), source.data + items.begin * kMinhashLength, count * 4);
    rows = {words.data(), items.begin, kMinhashLength};
  }
  void prepare(Gpu& gpu, const Range& items) {
    launch(gpu.stream(), grid_of(blocks_for(items.size(), kThreads / kTeam)), dim3(kThreads), find_empty, rows,
           items.size(), empty.data());
  }

  DeviceBuffer<std::uint32_t> words;
  DeviceBuffer<std::uint8_t> empty;
  WordRows rows{};
};

/// Most unequal minima with which a pair still reaches the floor; -1 when not even equal signatures do.
std::int32_t reach_of(double floor) {
  const auto length = static_cast<double>(kMinhashLength);
  // Multiplied by a power of two: exactly.
  const double equal = std::ceil(std::clamp(floor, 0.0, 2.0) * length);
  return static_cast<std::int32_t>(std::max(-1.0, length - equal));
}

class Signatures final : public Screen {
 public:
  Signatures(Gpu& gpu, const Pairs& pairs, const SignatureItems& items, const MemoryPlan& plan)
      : gpu_(gpu), sides_(gpu, pairs, items.left, items.right, plan) {}

  void score(const Tile& tile, const Need& need, const Cores& cores, const Slot& /*slot*/,
             const DeviceSink& sink) override {
    const SignatureBlock& left = sides_.left(tile.rows.begin);
    const SignatureBlock& right = sides_.right(tile.cols.begin);
    count(gpu_, tile, left.rows, right.rows, unequal(left, right, reach_of(need.floor)), cores, sink);
  }
  void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) override {
    const SignatureBlock& left = sides_.left(tile.rows.begin);
    const SignatureBlock& right = sides_.right(tile.cols.begin);
    show_exactly(gpu_, tile, TeamCount<Unequal>{left.rows, right.rows, unequal(left, right, 0)}, cores, sink);
  }
  void decide(std::int64_t most, const Cores& cores, const DeviceSink& sink) override {
    const SignatureBlock& left = sides_.left(0);
    const SignatureBlock& right = sides_.right(0);
    cuda::decide(gpu_, most, TeamCount<Unequal>{left.rows, right.rows, unequal(left, right, 0)}, cores, sink);
  }

 private:
  static Unequal unequal(const SignatureBlock& left, const SignatureBlock& right, std::int32_t reach) {
    return {reach, left.empty.data(), right.empty.data(), left.rows.begin, right.rows.begin};
  }

  Gpu& gpu_;
  ResidentSides<SignatureBlock> sides_;
};

class SignaturesMaker final : public ScreenMaker {
 public:
  explicit SignaturesMaker(const SignatureItems& items) : items_(items) {}
  ScreenCost cost() const override {
    ScreenCost cost;
    cost.tile.preferred_edge = kEdge;
    cost.bytes_per_item = 4 * kMinhashLength + 1;
    return cost;
  }
  std::unique_ptr<Screen> make(Gpu& gpu, const Pairs& pairs, const MemoryPlan& plan) const override {
    return std::make_unique<Signatures>(gpu, pairs, items_, plan);
  }

 private:
  SignatureItems items_;
};

}  // namespace

std::unique_ptr<ScreenMaker> make_signatures(const SignatureItems& items) {
  return std::make_unique<SignaturesMaker>(items);
}

}  // namespace simile::cuda
