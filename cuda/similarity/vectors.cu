// SPDX-License-Identifier: Apache-2.0
// Cosine and Euclidean distance: products of normalised rows by cuBLAS, in half precision where its band is narrow
// enough for the sink, else in single precision.
#include <algorithm>
#include <memory>

#include "cuda/similarity/screen.hpp"
#include "cuda/similarity/vector_block.hpp"
#include "similarity/arithmetic/cosine.hpp"
#include "similarity/arithmetic/euclidean.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 8192;
/// What cuBLAS made of a tile, as intervals around the products of normalised rows.
struct Products {
  const float* products;  ///< [rows, cols]
  std::int64_t row_begin;
  std::int64_t col_begin;
  std::int64_t stride;
  double unit;               ///< of a product
  const float* left_errors;  ///< or null: the band is the same for all
  const float* right_errors;
  const double* left_norms;
  const double* right_norms;
  std::int64_t left_begin;  ///< of the blocks
  std::int64_t right_begin;
  std::int64_t dimensions;
  std::int64_t depth;
  double band;

  __device__ double middle(std::int64_t row, std::int64_t col) const {
    return static_cast<double>(products[(row - row_begin) * stride + (col - col_begin)]) * unit;
  }
  __device__ double half_width(std::int64_t row, std::int64_t col) const {
    if (left_errors == nullptr) return band;
    return half_band(static_cast<double>(left_errors[row - left_begin]),
                     static_cast<double>(right_errors[col - right_begin]), depth);
  }
};

struct CosineScores : Products {
  __device__ Interval operator()(std::int64_t row, std::int64_t col) const {
    if (left_norms[row - left_begin] == 0 || right_norms[col - right_begin] == 0) return {-INFINITY, -INFINITY};
    const double score = middle(row, col);
    const double off = half_width(row, col);
    return {score - off, score + off};
  }
};

struct EuclideanScores : Products {
  __device__ Interval operator()(std::int64_t row, std::int64_t col) const {
    const double left = left_norms[row - left_begin];
    const double right = right_norms[col - right_begin];
    const double squares = left + right;
    const double lengths = 2 * sqrt(left) * sqrt(right);
    const double score = lengths * middle(row, col) - squares;
    const double off = lengths * half_width(row, col) + euclidean_slack(squares, dimensions);
    return {score - off, fmin(0.0, score + off)};
  }
};

class Vectors final : public Screen {
 public:
  Vectors(Gpu& gpu, const Pairs& pairs, const VectorItems& items, const MemoryPlan& plan)
      : gpu_(gpu),
        kind_(items.kind),
        left_norms_(on_device(items.left) ? squared_norms(gpu, items.left) : DeviceBuffer<double>()),
        right_norms_(on_device(items.right) && !pairs.one_set() ? squared_norms(gpu, items.right)
                                                                : DeviceBuffer<double>()),
        sides_(gpu, pairs, source(items.left, items.left_norms, left_norms_),
               source(items.right, items.right_norms, right_norms_), plan) {}

  void score(const Tile& tile, const Need& need, const Cores& cores, const Slot& slot,
             const DeviceSink& sink) override {
    const VectorBlock& left = sides_.left(tile.rows.begin);
    const VectorBlock& right = sides_.right(tile.cols.begin);
    const bool half = 2 * half_band(kTypicalError, kTypicalError, left.depth) <= need.max_width;
    Products products = multiply(tile, left, right, half, reinterpret_cast<float*>(slot.scratch.data()));
    if (kind_ == VectorItems::Kind::cosine) {
      show(gpu_, tile, CosineScores{products}, cores, sink);
    } else {
      show(gpu_, tile, EuclideanScores{products}, cores, sink);
    }
    with_definition(left, right, [&](const auto& exact) { cuda::decide(gpu_, tile.count(), exact, cores, sink); });
  }

  void evaluate(const Tile& tile, const Cores& cores, const DeviceSink& sink) override {
    with_definition(sides_.left(tile.rows.begin), sides_.right(tile.cols.begin),
                    [&](const auto& exact) { show_exactly(gpu_, tile, exact, cores, sink); });
  }
  void decide(std::int64_t most, const Cores& cores, const DeviceSink& sink) override {
    with_definition(sides_.left(0), sides_.right(0),
                    [&](const auto& exact) { cuda::decide(gpu_, most, exact, cores, sink); });
  }

  std::optional<ResidentRows> resident_rows() override {
    if (kind_ != VectorItems::Kind::cosine) return std::nullopt;
    const VectorBlock& all = sides_.left(0);
    return ResidentRows{
        {all.halves.data(), all.errors.data(), all.norms, all.errors.size(), all.depth, half_precision(all.depth)},
        all.rows,
        all.dimensions};
  }

 private:
  static VectorBlock::Source source(const View<const float, 2>& rows, const double* norms,
                                    const DeviceBuffer<double>& on_device_norms) {
    return {rows, on_device(rows) ? on_device_norms.data() : norms};
  }

  // Of rows of a few hundred values; only what is fastest depends on it.
  static constexpr double kTypicalError = 3e-4;

  Products multiply(const Tile& tile, const VectorBlock& left, const VectorBlock& right, bool half, float* out) {
    const auto rows = tile.rows.size();
    const auto cols = tile.cols.size();
    const void* a = right.halves.data() + (tile.cols.begin - right.begin) * right.depth;
    const void* b = left.halves.data() + (tile.rows.begin - left.begin) * left.depth;
    if (!half) {
      float* const rows_as_floats = out + rows * cols;
      float* const cols_as_floats = rows_as_floats + rows * left.depth;
      left.singles(gpu_, tile.rows, rows_as_floats);
      right.singles(gpu_, tile.cols, cols_as_floats);
      a = cols_as_floats;
      b = rows_as_floats;
    }
    const cudaDataType type = half ? CUDA_R_16F : CUDA_R_32F;
    const float one = 1;
    const float zero = 0;
    // cuBLAS counts by columns: what it calls C [cols, rows] is ours [rows, cols].
    check(cublasGemmEx(gpu_.blas(), CUBLAS_OP_T, CUBLAS_OP_N, static_cast<int>(cols), static_cast<int>(rows),
                       static_cast<int>(left.depth), &one, a, type, static_cast<int>(right.depth), b, type,
                       static_cast<int>(left.depth), &zero, out, CUDA_R_32F, static_cast<int>(cols),
                       half ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_PEDANTIC, CUBLAS_GEMM_DEFAULT),
          "cublasGemmEx");
    return {.products = out,
            .row_begin = tile.rows.begin,
            .col_begin = tile.cols.begin,
            .stride = cols,
            .unit = half ? 1 / (kHalfScale * kHalfScale) : 1,
            .left_errors = half ? left.errors.data() : nullptr,
            .right_errors = half ? right.errors.data() : nullptr,
            .left_norms = left.norms,
            .right_norms = right.norms,
            .left_begin = left.begin,
            .right_begin = right.begin,
            .dimensions = left.dimensions,
            .depth = left.depth,
            .band = cosine_band(left.depth, left.depth)};
  }

  template <class Use>
  void with_definition(const VectorBlock& left, const VectorBlock& right, Use&& use) const {
    if (kind_ == VectorItems::Kind::cosine) {
      use(TeamCosine{left.team_rows(), right.team_rows()});
    } else {
      use(TeamEuclidean{left.team_rows(), right.team_rows()});
    }
  }

  Gpu& gpu_;
  VectorItems::Kind kind_;
  DeviceBuffer<double> left_norms_;  // of rows on the device
  DeviceBuffer<double> right_norms_;
  ResidentSides<VectorBlock> sides_;
};

class VectorsMaker final : public ScreenMaker {
 public:
  explicit VectorsMaker(const VectorItems& items) : items_(items) {}
  ScreenCost cost() const override {
    ScreenCost cost;
    cost.tile.preferred_edge = kEdge;
    const std::int64_t dimensions = items_.left.shape[1];
    cost.tile.bytes_per_pair = sizeof(float);
    cost.tile.bytes_per_row = cost.tile.bytes_per_column = 4 * padded_depth(dimensions);
    cost.exact_work_per_pair = 2 * dimensions * kSlowDoubles / 10;
    cost.bytes_per_item = (on_device(items_.left) ? 0 : 4 * dimensions) + 2 * padded_depth(dimensions) + 12;
    return cost;
  }
  std::unique_ptr<Screen> make(Gpu& gpu, const Pairs& pairs, const MemoryPlan& plan) const override {
    return std::make_unique<Vectors>(gpu, pairs, items_, plan);
  }

 private:
  VectorItems items_;
};

}  // namespace

std::unique_ptr<ScreenMaker> make_vectors(const VectorItems& items) { return std::make_unique<VectorsMaker>(items); }

}  // namespace simile::cuda
