// SPDX-License-Identifier: Apache-2.0
// Template matching: products of images as signed bytes by cuBLAS, exact in 32 bits.
#include <algorithm>
#include <memory>

#include "cuda/similarity/residence.hpp"
#include "cuda/similarity/screen.hpp"
#include "similarity/arithmetic/template_match.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 4096;
constexpr std::int64_t kUnit = 16;            // cuBLAS wants rows of signed bytes so many bytes apart
constexpr std::int64_t kMostDepth = 1 << 16;  // 128 x 128 x 65,536 < 2^31

std::int64_t round_up_to(std::int64_t count, std::int64_t unit) { return blocks_for(count, unit) * unit; }

/// What the scores need of an image.
struct Squares {
  std::int64_t given;    ///< sum of x^2
  std::int64_t shifted;  ///< sum of (x - 128)^2
};

/// Images x as signed bytes x - 128, and their squares. One image a team.
__global__ void shift(const std::uint8_t* images, std::int64_t count, std::int64_t values, std::int64_t depth,
                      std::int8_t* bytes, Squares* squares) {
  const Team team = Team::here();
  const std::int64_t image = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam;
  if (image >= count) return;
  std::int64_t given = 0;
  std::int64_t shifted = 0;
  for (std::int64_t k = team.lane; k < depth; k += kTeam) {
    const int value = k < values ? images[image * values + k] : 128;
    const int less = value - 128;
    bytes[image * depth + k] = static_cast<std::int8_t>(less);
    if (k < values) given += value * value;
    shifted += less * less;
  }
  given = team.sum(given);
  shifted = team.sum(shifted);
  if (team.lane == 0) squares[image] = {given, shifted};
}

__global__ void add_products(const std::int32_t* products, std::int64_t count, bool first, std::int64_t* sums) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step) {
    sums[k] = (first ? 0 : sums[k]) + products[k];
  }
}

struct ColourBlock {
  struct Source {
    const std::uint8_t* images;
    std::int64_t values;  ///< of an image
  };

  void load(Gpu& gpu, const Source& source, const Range& items) {
    values = source.values;
    depth = round_up_to(values, kUnit);
    if (images.size() < items.size() * values) {
      const Stream& stream = gpu.uploader().stream();
      images = {};
      bytes = {};
      squares = {};
      images = DeviceBuffer<std::uint8_t>(items.size() * values, stream);
      // Products are made of whole fours of images.
      bytes = DeviceBuffer<std::int8_t>((items.size() + 3) * depth, stream);
      squares = DeviceBuffer<Squares>(items.size(), stream);
    }
    begin = items.begin;
    gpu.uploader().copy(images.data(), source.images + items.begin * values, items.size() * values);
  }
  void prepare(Gpu& gpu, const Range& items) {
    fill_zero(bytes.data() + items.size() * depth, 3 * depth, gpu.stream());
    launch(gpu.stream(), grid_of(blocks_for(items.size(), kThreads / kTeam)), dim3(kThreads), shift, images.data(),
           items.size(), values, depth, bytes.data(), squares.data());
  }

  std::int64_t begin = 0;
  std::int64_t values = 0;
  std::int64_t depth = 0;
  DeviceBuffer<std::uint8_t> images;
  DeviceBuffer<std::int8_t> bytes;
  DeviceBuffer<Squares> squares;
};

struct TemplateScores {
  const std::int32_t* products;  ///< [rows, stride] of the tile, or null
  const std::int64_t* sums;      ///< where one product is not all
  std::int64_t row_begin;
  std::int64_t col_begin;
  std::int64_t stride;
  const Squares* left;
  const Squares* right;
  std::int64_t left_begin;
  std::int64_t right_begin;

  __device__ Interval operator()(std::int64_t row, std::int64_t col) const {
    const std::int64_t at = (row - row_begin) * stride + (col - col_begin);
    const std::int64_t product = sums == nullptr ? products[at] : sums[at];
    const Squares x = left[row - left_begin];
    const Squares y = right[col - right_begin];
    const double similarity = template_similarity(x.shifted + y.shifted - 2 * product, x.given, y.given);
    return {similarity, similarity};
  }
};

struct TeamTemplate {
  const std::uint8_t* left;
  const std::uint8_t* right;
  const Squares* left_squares;
  const Squares* right_squares;
  std::int64_t left_begin;
  std::int64_t right_begin;
  std::int64_t values;

  __device__ double operator()(const ScoredPair& pair, const Team& team) const {
    const std::uint8_t* const x = left + (pair.left - left_begin) * values;
    const std::uint8_t* const y = right + (pair.right - right_begin) * values;
    std::int64_t difference = 0;
    for (std::int64_t k = team.lane; k < values; k += kTeam) {
      const int off = static_cast<int>(x[k]) - static_cast<int>(y[k]);
      difference += off * off;
    }
    return template_similarity(team.sum(difference), left_squares[pair.left - left_begin].given,
                               right_squares[pair.right - right_begin].given);
  }
};

class Colour final : public Screen {
 public:
  Colour(Gpu& gpu, const Pairs& pairs, const ColourBlock::Source& left, const ColourBlock::Source& right,
         const MemoryPlan& plan)
      : gpu_(gpu), sides_(gpu, pairs, left, right, plan) {}

  void score(const Tile& tile, const Need& /*need*/, const Cores& cores, const Slot& slot,
             const DeviceSink& sink) override {
    const ColourBlock& left = sides_.left(tile.rows.begin);
    const ColourBlock& right = sides_.right(tile.cols.begin);
    TemplateScores scores{nullptr,
                          nullptr,
                          tile.rows.begin,
                          tile.cols.begin,
                          round_up_to(tile.cols.size(), 4),
                          left.squares.data(),
                          right.squares.data(),
                          left.begin,
                          right.begin};
    const std::int64_t count = round_up_to(tile.rows.size(), 4) * scores.stride;
    // 64-bit sums first: what is behind them is aligned then.
    const bool deep = left.depth > kMostDepth;
    auto* const sums = reinterpret_cast<std::int64_t*>(slot.scratch.data());
    auto* const products = reinterpret_cast<std::int32_t*>(sums + (deep ? count : 0));
    for (std::int64_t k = 0; k < left.depth; k += kMostDepth) {
      multiply(tile, left, right, k, std::min(kMostDepth, left.depth - k), scores.stride, products);
      if (deep) {
        launch(gpu_.stream(), striding_grid(gpu_, count, kThreads), dim3(kThreads), add_products, products, count,
               k == 0, sums);
      }
    }
    scores.products = products;
    scores.sums = deep ? sums : nullptr;
    show(gpu_, tile, scores, cores, sink);
  }

  void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) override {
    show_exactly(gpu_, tile, definition(sides_.left(tile.rows.begin), sides_.right(tile.cols.begin)), cores, sink);
  }
  void decide(std::int64_t most, const Cores& cores, const DeviceSink& sink) override {
    cuda::decide(gpu_, most, definition(sides_.left(0), sides_.right(0)), cores, sink);
  }

 private:
  static TeamTemplate definition(const ColourBlock& left, const ColourBlock& right) {
    return {left.images.data(), right.images.data(), left.squares.data(), right.squares.data(),
            left.begin,         right.begin,         left.values};
  }

  void multiply(const Tile& tile, const ColourBlock& left, const ColourBlock& right, std::int64_t first,
                std::int64_t depth, std::int64_t stride, std::int32_t* out) {
    const std::int32_t one = 1;
    const std::int32_t zero = 0;
    // cuBLAS counts by columns: what it calls C [cols, rows] is ours [rows, cols].
    check(cublasGemmEx(gpu_.blas(), CUBLAS_OP_T, CUBLAS_OP_N, static_cast<int>(stride),
                       static_cast<int>(round_up_to(tile.rows.size(), 4)), static_cast<int>(depth), &one,
                       right.bytes.data() + (tile.cols.begin - right.begin) * right.depth + first, CUDA_R_8I,
                       static_cast<int>(right.depth),
                       left.bytes.data() + (tile.rows.begin - left.begin) * left.depth + first, CUDA_R_8I,
                       static_cast<int>(left.depth), &zero, out, CUDA_R_32I, static_cast<int>(stride),
                       CUBLAS_COMPUTE_32I, CUBLAS_GEMM_DEFAULT),
          "cublasGemmEx");
  }

  Gpu& gpu_;
  ResidentSides<ColourBlock> sides_;
};

class ColourMaker final : public ScreenMaker {
 public:
  explicit ColourMaker(const ColourItems& items) : items_(items) {}
  ScreenCost cost() const override {
    ScreenCost cost;
    cost.tile.preferred_edge = kEdge;
    const std::int64_t bytes = sizeof(std::int32_t) + (values() > kMostDepth ? sizeof(std::int64_t) : 0);
    cost.tile.bytes_per_pair = bytes;
    cost.tile.bytes_per_row = cost.tile.bytes_per_column = 3 * bytes;  // whole fours of images
    cost.tile.fixed_bytes = 9 * bytes;
    cost.bytes_per_item = values() + round_up_to(values(), kUnit) + 16;
    return cost;
  }
  std::unique_ptr<Screen> make(Gpu& gpu, const Pairs& pairs, const MemoryPlan& plan) const override {
    return std::make_unique<Colour>(gpu, pairs, ColourBlock::Source{items_.left.data, values()},
                                    ColourBlock::Source{items_.right.data, values()}, plan);
  }

 private:
  std::int64_t values() const { return items_.left.shape[1] * items_.left.shape[2] * items_.left.shape[3]; }

  ColourItems items_;
};

}  // namespace

// Rows further apart than 32 bits can say are not for cuBLAS.
std::unique_ptr<ScreenMaker> make_colour(const ColourItems& items) {
  if (items.left.shape[1] * items.left.shape[2] * items.left.shape[3] > (1 << 30)) return nullptr;
  return std::make_unique<ColourMaker>(items);
}

}  // namespace simile::cuda
