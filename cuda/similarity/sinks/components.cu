// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/score.cuh"
#include "cuda/similarity/sinks/drivers.hpp"

namespace simile::cuda {
namespace {

/// Sets `found` when a node of the range has another root than node `first`.
__global__ void find_other_root(Parents parents, std::int32_t first, std::int32_t begin, std::int32_t end, int* found) {
  const std::int32_t root = parents.find(first);
  const auto step = static_cast<std::int32_t>(gridDim.x * blockDim.x);
  for (auto node = begin + static_cast<std::int32_t>(blockIdx.x * blockDim.x + threadIdx.x); node < end; node += step) {
    if (parents.find(node) != root) *found = 1;
  }
}

class ComponentsDriver final : public SinkDriver {
 public:
  ComponentsDriver(const SinkSetting& setting, Components& components)
      : gpu_(setting.gpu),
        pairs_(setting.pairs),
        components_(components),
        parents_(setting.pairs.num_nodes(), setting.gpu.stream()) {}

  ~ComponentsDriver() override {
    static_cast<void>(cudaStreamSynchronize(gpu_.stream().get()));  // before what is copied to goes
  }

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

}  // namespace

std::unique_ptr<SinkDriver> make_components_driver(const SinkSetting& setting, Components& components) {
  return std::make_unique<ComponentsDriver>(setting, components);
}

std::int64_t components_device_bytes(const Pairs& pairs) { return pairs.num_nodes() * 4 + 4; }

}  // namespace simile::cuda
