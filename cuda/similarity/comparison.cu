// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/comparison.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile::cuda {
namespace {

__global__ void list_given(const IndexPair* given, std::int64_t count, PairList list) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step) {
    list.append(given[k].left, given[k].right, -INFINITY, INFINITY);
  }
}

__global__ void add_count(const unsigned long long* count, unsigned long long* total) { *total += *count; }

DeviceBuffer<double> cores_on_device(Gpu& gpu, std::span<const double> cores) {
  DeviceBuffer<double> buffer(static_cast<std::int64_t>(cores.size()), gpu.stream());
  copy_to_device(buffer.data(), cores.data(), buffer.size(), gpu.stream());
  gpu.stream().synchronize();
  return buffer;
}

/// Where the block of `edge` items that holds the range's first item ends, or the range, if that is before.
std::int64_t block_end(const Range& range, std::int64_t edge) {
  return std::min(range.end, (range.begin / edge + 1) * edge);
}

}  // namespace

Comparison::Comparison(const Setting& setting)
    : setting_(setting),
      max_edge_(setting.plan.tile_edge),
      left_cores_(cores_on_device(setting.gpu, setting.items.left_cores)),
      right_cores_(cores_on_device(setting.gpu, setting.items.right_cores)),
      cores_{left_cores_.data(), right_cores_.data()},
      evaluations_(1, setting.gpu.stream()) {
  fill_zero(evaluations_.data(), 1, setting.gpu.stream());
}

/// Whether the tile is too large or its items lie in several blocks, and the parts that it is cut into then.
bool Comparison::must_cut(const Tile& tile, std::vector<Tile>& parts) const {
  if (!tile.list.empty()) {
    if (std::ssize(tile.list) <= max_edge_ * max_edge_) return false;
    parts = split(tile);
    return true;
  }
  const std::int64_t row = block_end(tile.rows, setting_.plan.block_edge);
  const std::int64_t col = block_end(tile.cols, setting_.plan.block_edge);
  if (row < tile.rows.end || col < tile.cols.end) {
    parts = split_at(tile, row, col);
    return true;
  }
  const std::int64_t rows = tile.rows.size();
  if (rows <= max_edge_ && tile.cols.size() <= cuda::widest(setting_.cost, rows, max_edge_)) return false;
  parts = split(tile);
  return true;
}

void Comparison::process(const Tile& tile) {
  if (tile.count() == 0) return;
  std::vector<Tile> parts;
  if (!must_cut(tile, parts)) {
    Work& work = works_[next_];
    next_ = (next_ + 1) % works_.size();
    take_in(work);
    try {
      score(tile, work);
      return;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::out_of_memory) throw;
      if (max_edge_ <= 1) {
        throw Error(ErrorCode::out_of_memory,
                    concat("the GPU has no memory to compare a single pair: ", format_bytes(device_memory().free),
                           " are free there, ", format_bytes(setting_.gpu.budget_bytes()),
                           " were planned with: ", error.what()));
      }
    }
    // The device has less than was planned with: smaller tiles from now on.
    finish();
    for (auto& each : works_) each.slot = {};
    max_edge_ = (max_edge_ + 1) / 2;
    ++tiles_split_;
    process(tile);
    return;
  }
  for (const auto& part : parts) process(part);
}

void Comparison::make_room(const Tile& tile, Work& work) {
  const Stream& stream = setting_.gpu.stream();
  if (work.slot.pairs.size() < tile.count()) {
    work.slot.pairs = {};
    work.slot.pairs = DeviceBuffer<ScoredPair>(tile.count(), stream);
  }
  const std::int64_t scratch = tile.list.empty() ? scratch_bytes(setting_.cost, tile.rows.size(), tile.cols.size())
                                                 : std::ssize(tile.list) * kListedPairBytes;
  if (work.slot.scratch.size() < scratch) {
    work.slot.scratch = {};
    work.slot.scratch = DeviceBuffer<std::uint8_t>(scratch, stream);
    if (!tile.list.empty()) setting_.gpu.uploader().follow(stream);
  }
  if (work.slot.count.size() == 0) work.slot.count = DeviceBuffer<unsigned long long>(1, stream);
}

void Comparison::list_pairs(const Tile& tile, Work& work) {
  Gpu& gpu = setting_.gpu;
  const std::int64_t count = std::ssize(tile.list);
  // The slot's tile before has been taken in: the copy waits for no tile that is being compared.
  auto* const given = reinterpret_cast<IndexPair*>(work.slot.scratch.data());
  gpu.uploader().copy(given, tile.list.data(), count * kListedPairBytes);
  gpu.uploader().precede(gpu.stream());
  launch(gpu.stream(), striding_grid(gpu, count, kThreads), dim3(kThreads), list_given,
         static_cast<const IndexPair*>(given), count, work.slot.list());
}

void Comparison::score(const Tile& tile, Work& work) {
  Gpu& gpu = setting_.gpu;
  make_room(tile, work);
  const Need need = setting_.sink.need(tile);
  setting_.driver.prepare(tile);
  const DeviceSink sink = setting_.driver.device_sink(need, work.slot.list());
  fill_zero(work.slot.count.data(), 1, gpu.stream());
  if (!tile.list.empty()) {
    list_pairs(tile, work);
    setting_.screen.decide(tile.count(), cores_, sink);
  } else if (need.exact) {
    setting_.screen.evaluate(tile, cores_, sink);
  } else {
    setting_.screen.score(tile, need, cores_, work.slot, sink);
  }
  setting_.driver.shown(tile);
  launch(gpu.stream(), dim3(1), dim3(1), add_count, work.slot.count.data(), evaluations_.data());
  gpu.stream().record(work.done);
  work.tile = tile;
  work.pending = true;
}

void Comparison::take_in(Work& work) {
  if (!work.pending) return;
  work.pending = false;
  work.done.wait();
  setting_.driver.collect(work.tile, work.slot.list());
}

void Comparison::finish() {
  for (std::size_t k = 0; k < works_.size(); ++k) take_in(works_[(next_ + k) % works_.size()]);
  setting_.gpu.stream().synchronize();
}

std::int64_t Comparison::exact_evaluations() const {
  unsigned long long total = 0;
  copy_to_host(&total, evaluations_.data(), 1, setting_.gpu.stream());
  setting_.gpu.stream().synchronize();
  return static_cast<std::int64_t>(total);
}

}  // namespace simile::cuda
