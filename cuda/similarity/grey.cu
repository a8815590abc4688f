// SPDX-License-Identifier: Apache-2.0
// SSIM: uniform windows by a screen in single precision; Gaussian ones by the definition of every pair.
#include <memory>

#include "cuda/similarity/screen.hpp"
#include "cuda/similarity/ssim_dense.cuh"
#include "cuda/similarity/team_ssim.cuh"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 2048;

class Grey final : public Screen {
 public:
  Grey(Gpu& gpu, const Pairs& pairs, const GreyItems& items, const MemoryPlan& plan)
      : gpu_(gpu), window_(items.window), sides_(gpu, pairs, items.left, items.right, plan) {}

  void score(const Tile& tile, const Need& /*need*/, const Cores& cores, const Slot& /*slot*/,
             const DeviceSink& sink) override {
    if (window_ == GreyItems::Window::gaussian) {
      launch(gpu_.stream(), tile_grid(tile), dim3(kThreads), list_tile, DeviceTile(tile), list_of(sink));
    } else {
      const GreyRows left = sides_.left(tile.rows.begin).rows;
      const GreyRows right = sides_.right(tile.cols.begin).rows;
      const dim3 grid = grid_of(blocks_for(tile.cols.size(), kSsimEdge), blocks_for(tile.rows.size(), kSsimEdge));
      std::visit(
          [&](const auto& any) {
            launch(gpu_.stream(), grid, dim3(kSsimThreads, kSsimThreads), ssim_tile<std::decay_t<decltype(any)>>,
                   DeviceTile(tile), left, right, cores, any);
          },
          sink);
    }
    evaluate(tile, cores, sink);
  }

  void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) override {
    const GreyRows left = sides_.left(tile.rows.begin).rows;
    const GreyRows right = sides_.right(tile.cols.begin).rows;
    if (window_ == GreyItems::Window::gaussian) {
      decide(gpu_, tile.count(), TeamGaussian{left, right}, cores, sink);
    } else {
      decide(gpu_, tile.count(), TeamSsim{left, right}, cores, sink);
    }
  }

 private:
  Gpu& gpu_;
  GreyItems::Window window_;
  ResidentSides<GreyBlock> sides_;
};

class GreyMaker final : public ScreenMaker {
 public:
  explicit GreyMaker(const GreyItems& items) : items_(items) {}
  ScreenCost cost() const override {
    ScreenCost cost;
    cost.tile.preferred_edge = kEdge;
    cost.bytes_per_item = items_.left.shape[1] * items_.left.shape[2];
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
