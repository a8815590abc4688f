// SPDX-License-Identifier: Apache-2.0
// Hamming distance, by counting bits, or if asked for by tensor cores; blocks of pairs that a prefix of the bits
// decides are left off.
#include <algorithm>

#include "cuda/core/asked_for.hpp"
#include "cuda/similarity/count_words.cuh"
#include "cuda/similarity/hamming_tensor.cuh"
#include "similarity/arithmetic/hamming.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 8192;

struct Differing {
  std::int64_t bits;
  std::int32_t reach;

  static __device__ std::int32_t term(std::uint32_t x, std::uint32_t y) { return __popc(x ^ y); }
  __device__ double similarity(std::int64_t /*left*/, std::int64_t /*right*/, std::int64_t differing) const {
    return hamming_similarity(bits, differing);
  }
};

struct CodeBlock {
  using Source = View<const std::uint64_t, 2>;

  void load(Gpu& gpu, const Source& source, const Range& items) {
    const std::int64_t count = items.size() * source.shape[1];
    if (words.size() < count) {
      words = {};
      words = DeviceBuffer<std::uint64_t>(count, gpu.uploader().stream());
    }
    gpu.uploader().copy(words.data(), source.data + items.begin * source.shape[1], count * 8);
    rows = {reinterpret_cast<const std::uint32_t*>(words.data()), items.begin, 2 * source.shape[1]};
  }
  void prepare(Gpu& /*gpu*/, const Range& /*items*/) {}

  DeviceBuffer<std::uint64_t> words;
  WordRows rows{};
};

class Codes final : public Screen {
 public:
  Codes(Gpu& gpu, const Pairs& pairs, const CodeItems& items, const MemoryPlan& plan)
      : gpu_(gpu),
        bits_(items.bits),
        on_tensor_cores_(asked_for("SIMILE_GPU_HAMMING") == "tensor" && bits_ <= kMostBitsTensor),
        sides_(gpu, pairs, items.left, items.right, plan) {}

  void score(const Tile& tile, const Need& need, const Cores& cores, const Slot& /*slot*/,
             const DeviceSink& sink) override {
    const WordRows left = sides_.left(tile.rows.begin).rows;
    const WordRows right = sides_.right(tile.cols.begin).rows;
    const Differing differing{bits_, static_cast<std::int32_t>(hamming_reach(bits_, need.floor))};
    if (on_tensor_cores_) {
      multiply_bits(gpu_, tile, left, right, differing, differing.reach < bits_, cores, sink);
    } else {
      count(gpu_, tile, left, right, differing, cores, sink);
    }
  }
  void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) override {
    const WordRows left = sides_.left(tile.rows.begin).rows;
    const WordRows right = sides_.right(tile.cols.begin).rows;
    show_exactly(gpu_, tile, TeamCount<Differing>{left, right, {bits_, 0}}, cores, sink);
  }
  void decide(std::int64_t most, const Cores& cores, const DeviceSink& sink) override {
    cuda::decide(gpu_, most, TeamCount<Differing>{sides_.left(0).rows, sides_.right(0).rows, {bits_, 0}}, cores, sink);
  }

 private:
  Gpu& gpu_;
  std::int64_t bits_;
  bool on_tensor_cores_;
  ResidentSides<CodeBlock> sides_;
};

class CodesMaker final : public ScreenMaker {
 public:
  explicit CodesMaker(const CodeItems& items) : items_(items) {}
  ScreenCost cost() const override {
    ScreenCost cost;
    cost.tile.preferred_edge = kEdge;
    cost.bytes_per_item = 8 * items_.left.shape[1];
    return cost;
  }
  std::unique_ptr<Screen> make(Gpu& gpu, const Pairs& pairs, const MemoryPlan& plan) const override {
    return std::make_unique<Codes>(gpu, pairs, items_, plan);
  }

 private:
  CodeItems items_;
};

}  // namespace

std::unique_ptr<ScreenMaker> make_codes(const CodeItems& items) { return std::make_unique<CodesMaker>(items); }

}  // namespace simile::cuda
