// SPDX-License-Identifier: Apache-2.0
// The fused kernel without tensor cores: what the tests run in place of tensor_scorer.cu, with the same blocks, the
// same values in each thread, and the same scan.
#include "cuda/core/launch.hpp"
#include "cuda/similarity/fused/tile_scorer.hpp"

namespace simile::cuda {
namespace {

constexpr int kStep = 16;  // values of a row that a block holds at a time
constexpr int kBlocksPerTile = 2;
constexpr int kWarps = kThreads / 32;

__device__ inline float plain(__half value) { return __half2float(value); }
__device__ inline std::int32_t plain(std::int8_t value) { return value; }

template <class Sum>
struct Sums : WarpgroupLayout {
  Sum sums[kSize];
  __device__ Sum value(int i) const { return sums[i]; }
};

/// Two blocks take one macro tile after the other: half of the rows each.
template <class Element>
__global__ void __launch_bounds__(kThreads)
    score_tiles(RoundedSet<Element> set, const MacroTile* tiles, const unsigned* num_tiles, TileScan scan) {
  using Sum = decltype(plain(Element{}));
  __shared__ Sum rows[kStep][kTileRows];
  __shared__ Sum cols[kStep][kTileCols];
  __shared__ std::int32_t nodes[kWarps][kLocalNodes];
  const int thread = static_cast<int>(threadIdx.x);
  for (unsigned entry = blockIdx.x / kBlocksPerTile; entry < *num_tiles; entry += gridDim.x / kBlocksPerTile) {
    const MacroTile tile = tiles[entry];
    const TilePlace place{tile.row * kMacroEdge + blockIdx.x % kBlocksPerTile * kTileRows, tile.col * kMacroEdge,
                          static_cast<std::int64_t>(entry)};
    Sums<Sum> mine{{thread}, {}};
    for (std::int64_t begin = 0; begin < set.depth; begin += kStep) {
      const auto load = [&](std::int64_t row, std::int64_t k) {
        return row < set.count && k < set.depth ? plain(set.values[row * set.depth + k]) : Sum{};
      };
      for (int k = 0; k < kStep; ++k) {
        if (thread < kTileRows) rows[k][thread] = load(place.row_begin + thread, begin + k);
        cols[k][thread] = load(place.col_begin + thread, begin + k);
      }
      __syncthreads();
      for (int k = 0; k < kStep; ++k) {
#pragma unroll
        for (int i = 0; i < Sums<Sum>::kSize; ++i) mine.sums[i] += rows[k][mine.row(i)] * cols[k][mine.col(i)];
      }
      __syncthreads();
    }
    scan_tile(mine, place, scan, nodes[thread / 32]);
  }
}

template <class Element>
class PlainScorer final : public TileScorer {
 public:
  explicit PlainScorer(const RoundedSet<Element>& set) : set_(set) {}
  void score(Gpu& gpu, const TileWave& wave) override {
    const std::int64_t pairs_of_blocks = std::min(wave.most_tiles, gpu.multiprocessors());
    launch(gpu.stream(), grid_of(kBlocksPerTile * pairs_of_blocks), dim3(kThreads), score_tiles<Element>, set_,
           wave.tiles, wave.count, wave.scan);
  }

 private:
  RoundedSet<Element> set_;
};

static_assert(kThreads == kTileCols);

}  // namespace

std::unique_ptr<TileScorer> make_plain_scorer(const HalfSet& set) { return std::make_unique<PlainScorer<__half>>(set); }
std::unique_ptr<TileScorer> make_plain_scorer(const ByteSet& set) {
  return std::make_unique<PlainScorer<std::int8_t>>(set);
}

}  // namespace simile::cuda
