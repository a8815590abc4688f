// SPDX-License-Identifier: Apache-2.0
// SSIM. Uniform windows: pairs that pools bound below the floor are rejected, few others evaluated one by one, many by
// a screen of the whole tile in single precision. Gaussian windows: by a screen of the whole tile.
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "cuda/core/asked_for.hpp"
#include "cuda/similarity/screen.hpp"
#include "cuda/similarity/ssim/grey_block.hpp"
#include "cuda/similarity/ssim/ssim_candidates.cuh"
#include "cuda/similarity/ssim/ssim_dense.cuh"
#include "cuda/similarity/ssim/ssim_gaussian.cuh"
#include "cuda/similarity/ssim/ssim_tensor.cuh"
#include "similarity/ssim_pools.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 2048;
constexpr std::int64_t kLeastEdge = 512;
// Of a window, beside one of a uniform one.
constexpr std::int64_t kGaussianWork = 4;
// Where pools leave fewer than one in so many pairs of a tile, times the cost of a double, these are evaluated one by
// one; the screen works in single precision.
constexpr std::int64_t kSparse = 4;
// Before the candidates, in a slot's scratch: how many there are.
constexpr std::int64_t kCountBytes = 256;

/// Of a window by the definition, in the steps of kLaunchWork: 49 pixels of both images and what follows in doubles; 22
/// products and sums in doubles.
std::int64_t exact_work(GreyItems::Window window, std::int64_t singles_per_double) {
  return window == GreyItems::Window::gaussian ? 10 * (1 + singles_per_double) : 35 + 3 * singles_per_double;
}

bool has_pools(const GreyItems& items) {
  return items.window == GreyItems::Window::uniform && SsimPools::pay(items.left.shape[1], items.left.shape[2]);
}

/// The grid of SsimPools on the device.
class GridOnDevice {
 public:
  GridOnDevice(Gpu& gpu, const SsimPools& pools) {
    const SsimPoolGrid grid = pools.grid();
    std::vector<std::int32_t> numbers(grid.row_ends, grid.row_ends + grid.rows);
    numbers.insert(numbers.end(), grid.column_ends, grid.column_ends + grid.columns);
    numbers.insert(numbers.end(), pools.order().begin(), pools.order().end());
    memory_ = DeviceBuffer<std::int32_t>(std::ssize(numbers), gpu.stream());
    copy_to_device(memory_.data(), numbers.data(), memory_.size(), gpu.stream());
    gpu.stream().synchronize();
    grid_ = {memory_.data(),
             memory_.data() + grid.rows,
             memory_.data() + grid.rows + grid.columns,
             static_cast<int>(grid.columns),
             static_cast<int>(pools.order().size()),
             static_cast<int>(pools.groups())};
  }
  const PoolGrid& get() const { return grid_; }

 private:
  DeviceBuffer<std::int32_t> memory_;
  PoolGrid grid_{};
};

class Grey final : public Screen {
 public:
  Grey(Gpu& gpu, const Pairs& pairs, const GreyItems& items, const MemoryPlan& plan)
      : gpu_(gpu),
        window_(items.window),
        exact_work_(items.left.shape[1] * items.left.shape[2] * exact_work(items.window, gpu.singles_per_double())),
        sparse_(kSparse * gpu.singles_per_double()),
        pools_(items.left),
        grid_(has_pools(items) ? std::make_unique<GridOnDevice>(gpu, pools_) : nullptr),
        sides_(gpu, pairs, {items.left, items.window, grid()}, {items.right, items.window, grid()}, plan) {}

  void score(const Tile& tile, const Need& need, const Cores& cores, const Slot& slot,
             const DeviceSink& sink) override {
    if (window_ == GreyItems::Window::gaussian) {
      score_gaussian(tile, cores, sink);
    } else {
      score_uniform(tile, need, cores, slot, sink);
    }
  }

  void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) override {
    const std::int64_t rows = std::max<std::int64_t>(1, kLaunchWork / (exact_work_ * tile.cols.size()));
    with_definition(sides_.left(tile.rows.begin), sides_.right(tile.cols.begin), [&](const auto& exact) {
      for (Tile part = tile; part.rows.begin < tile.rows.end; part.rows.begin = part.rows.end) {
        part.rows.end = std::min(part.rows.begin + rows, tile.rows.end);
        show_exactly(gpu_, part, exact, cores, sink);
      }
    });
  }
  void decide(std::int64_t most, const Cores& cores, const DeviceSink& sink) override {
    with_definition(sides_.left(0), sides_.right(0),
                    [&](const auto& exact) { cuda::decide(gpu_, most, exact, cores, sink); });
  }

 private:
  template <class Use>
  void with_definition(const GreyBlock& left, const GreyBlock& right, Use&& use) const {
    if (window_ == GreyItems::Window::gaussian) {
      use(TeamGaussian{left.gaussian_side(), right.gaussian_side()});
    } else {
      use(TeamSsim{left.rows, right.rows});
    }
  }

  PoolGrid grid() const { return grid_ ? grid_->get() : PoolGrid{}; }

  void score_gaussian(const Tile& tile, const Cores& cores, const DeviceSink& sink) {
    const GaussianSide left = sides_.left(tile.rows.begin).gaussian_side();
    const GaussianSide right = sides_.right(tile.cols.begin).gaussian_side();
    std::visit(
        [&](const auto& any) {
          launch(gpu_.stream(), tiles_of(tile, kGaussianEdge), dim3(kGaussianThreads, kGaussianThreads),
                 ssim_gaussian_tile<std::decay_t<decltype(any)>>, DeviceTile(tile), left, right, cores, any);
        },
        sink);
    cuda::decide(gpu_, tile.count(), TeamGaussian{left, right}, cores, sink);
  }

  void score_uniform(const Tile& tile, const Need& need, const Cores& cores, const Slot& slot, const DeviceSink& sink) {
    const GreyBlock& left = sides_.left(tile.rows.begin);
    const GreyBlock& right = sides_.right(tile.cols.begin);
    CandidateList candidates{};
    const std::int64_t most = tile.count() / sparse_;
    // From -1 down there is nothing to reject.
    if (grid_ && need.floor > -1) {
      candidates.count = reinterpret_cast<unsigned long long*>(slot.scratch.data());
      candidates.pairs = reinterpret_cast<Candidate*>(slot.scratch.data() + kCountBytes);
      fill_zero(candidates.count, 1, gpu_.stream());
      launch(gpu_.stream(), tiles_of(tile, kBoundEdge), dim3(kBoundThreads, kBoundThreads), bound_tile,
             DeviceTile(tile), left.pools(), right.pools(), pools_.limit(need.floor), candidates);
    }
    std::visit(
        [&](const auto& any) {
          using Sink = std::decay_t<decltype(any)>;
          if (candidates.count != nullptr) {
            launch(gpu_.stream(), striding_grid(gpu_, most, kThreads / kTeam), dim3(kThreads), show_candidates<Sink>,
                   candidates, static_cast<unsigned long long>(most),
                   CandidateSsim{{left.rows, right.rows}, left.pools(), right.pools(), grid(), need.floor}, cores, any);
          }
          launch(gpu_.stream(), tiles_of(tile, by_tensor_cores_ ? kTensorEdge : kSsimEdge),
                 dim3(kSsimThreads, kSsimThreads), by_tensor_cores_ ? ssim_tensor_tile<Sink> : ssim_tile<Sink>,
                 DeviceTile(tile), left.rows, right.rows, cores, any, candidates.count,
                 static_cast<unsigned long long>(most));
        },
        sink);
    cuda::decide(gpu_, tile.count(), TeamSsim{left.rows, right.rows}, cores, sink);
  }

  static dim3 tiles_of(const Tile& tile, std::int64_t edge) {
    return grid_of(blocks_for(tile.cols.size(), edge), blocks_for(tile.rows.size(), edge));
  }

  Gpu& gpu_;
  GreyItems::Window window_;
  std::int64_t exact_work_;  // of a pair
  std::int64_t sparse_;
  bool by_tensor_cores_ = asked_for("SIMILE_GPU_SSIM") == "tensor";
  SsimPools pools_;  // only its grid and limits: the sums are made on the device
  std::unique_ptr<const GridOnDevice> grid_;
  ResidentSides<GreyBlock> sides_;
};

class GreyMaker final : public ScreenMaker {
 public:
  explicit GreyMaker(const GreyItems& items) : items_(items) {}
  ScreenCost cost() const override {
    ScreenCost cost;
    const std::int64_t pixels = items_.left.shape[1] * items_.left.shape[2];
    const bool gaussian = items_.window == GreyItems::Window::gaussian;
    cost.tile.preferred_edge = edge_within(kEdge, kLeastEdge, gaussian ? kGaussianWork * pixels : pixels);
    cost.exact_work_per_pair = pixels * exact_work(items_.window, kSlowDoubles);
    cost.bytes_per_item = pixels;
    if (gaussian) {
      cost.bytes_per_item += GaussianMapMemory::bytes_per_item(items_.left.shape[1], items_.left.shape[2]);
    } else if (has_pools(items_)) {
      cost.tile.bytes_per_pair = sizeof(Candidate);
      cost.tile.fixed_bytes = kCountBytes;
      cost.bytes_per_item += SsimPools(items_.left).stride() * static_cast<std::int64_t>(sizeof(float));
    }
    return cost;
  }
  std::unique_ptr<Screen> make(Gpu& gpu, const Pairs& pairs, const MemoryPlan& plan) const override {
    return std::make_unique<Grey>(gpu, pairs, items_, plan);
  }

 private:
  GreyItems items_;
};

}  // namespace

std::unique_ptr<ScreenMaker> make_grey(const GreyItems& items) { return std::make_unique<GreyMaker>(items); }

}  // namespace simile::cuda
