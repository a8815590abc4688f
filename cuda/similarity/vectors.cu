// SPDX-License-Identifier: Apache-2.0
// Cosine and Euclidean distance: products of normalised rows by cuBLAS, in half precision where its band is narrow
// enough for the sink, else in single precision.
#include <algorithm>
#include <memory>

#include "cuda/similarity/residence.hpp"
#include "cuda/similarity/round_rows.cuh"
#include "cuda/similarity/screen.hpp"
#include "cuda/similarity/team_vectors.cuh"
#include "similarity/arithmetic/cosine.hpp"
#include "similarity/arithmetic/euclidean.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kEdge = 8192;
// cuBLAS takes its fastest way when rows are so many values apart.
constexpr std::int64_t kDepthUnit = 16;

std::int64_t padded(std::int64_t depth) { return blocks_for(depth, kDepthUnit) * kDepthUnit; }

/// Rows divided by their lengths, as halves times kHalfScale, and how far these are off. One row a team.
__global__ void round_rows(const float* rows, const double* norms, std::int64_t num_rows, std::int64_t dimensions,
                           std::int64_t depth, __half* halves, float* errors) {
  const Team team = Team::here();
  const std::int64_t row = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam;
  if (row >= num_rows) return;
  const double multiplier = to_unit_length(norms[row]);
  const auto value = [&](std::int64_t k) { return k < dimensions ? rows[row * dimensions + k] * multiplier : 0; };
  const double residual = round_to_halves(team, depth, value, halves + row * depth);
  if (team.lane == 0) errors[row] = round_up(byte_error(multiplier > 0 ? 1 : 0, residual, dimensions));
}

/// Squared norms by the definition's sums; `first_wrong` is at most the number of a row that holds NaN or an infinite
/// value. One row a team.
__global__ void square_rows(const float* rows, std::int64_t num_rows, std::int64_t dimensions, double* norms,
                            unsigned long long* first_wrong) {
  const Team team = Team::here();
  const std::int64_t row = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam;
  if (row >= num_rows) return;
  double partial = 0;
  for (std::int64_t k = team.lane; k < dimensions; k += kTeam) {
    const double value = rows[row * dimensions + k];
    partial += value * value;
  }
  const double norm = team.sum(partial);
  if (team.lane != 0) return;
  norms[row] = norm;
  if (!isfinite(norm)) atomicMin(first_wrong, static_cast<unsigned long long>(row));
}

/// Rows divided by their lengths, as floats. One row a team.
__global__ void normalise(const float* rows, const double* norms, std::int64_t num_rows, std::int64_t dimensions,
                          std::int64_t depth, float* out) {
  const Team team = Team::here();
  const std::int64_t row = (blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x) / kTeam;
  if (row >= num_rows) return;
  const double multiplier = to_unit_length(norms[row]);
  for (std::int64_t k = team.lane; k < depth; k += kTeam) {
    out[row * depth + k] = k < dimensions ? static_cast<float>(rows[row * dimensions + k] * multiplier) : 0;
  }
}

bool on_device(const View<const float, 2>& rows) { return rows.device.kind == Device::Kind::cuda; }

/// Of rows on the device. Throws invalid_argument when one holds NaN or an infinite value.
DeviceBuffer<double> squared_norms(const Gpu& gpu, const View<const float, 2>& rows) {
  const Stream& stream = gpu.stream();
  const std::int64_t count = rows.shape[0];
  DeviceBuffer<double> norms(count, stream);
  const DeviceBuffer<unsigned long long> first_wrong(1, stream);
  auto answer = static_cast<unsigned long long>(count);
  copy_to_device(first_wrong.data(), &answer, 1, stream);
  launch(stream, grid_of(blocks_for(count, kThreads / kTeam)), dim3(kThreads), square_rows, rows.data, count,
         rows.shape[1], norms.data(), first_wrong.data());
  copy_to_host(&answer, first_wrong.data(), 1, stream);
  stream.synchronize();
  if (answer < static_cast<unsigned long long>(count)) {
    throw Error(ErrorCode::invalid_argument, concat("row ", answer, " holds NaN or an infinite value"));
  }
  return norms;
}

struct VectorBlock {
  /// Both on the host, or both on the device.
  struct Source {
    View<const float, 2> rows;
    const double* norms;
  };

  void load(Gpu& gpu, const Source& source, const Range& items) {
    dimensions = source.rows.shape[1];
    depth = padded(dimensions);
    begin = items.begin;
    rows = source.rows.data + items.begin * dimensions;
    norms = source.norms + items.begin;
    const Stream& stream = gpu.uploader().stream();
    if (halves.size() < items.size() * depth) {
      halves = DeviceBuffer<__half>(items.size() * depth, stream);
      errors = DeviceBuffer<float>(items.size(), stream);
    }
    if (on_device(source.rows)) return;
    if (own_norms.size() < items.size()) {
      own_rows = DeviceBuffer<float>(items.size() * dimensions, stream);
      own_norms = DeviceBuffer<double>(items.size(), stream);
    }
    gpu.uploader().copy(own_rows.data(), rows, items.size() * dimensions * 4);
    gpu.uploader().copy(own_norms.data(), norms, items.size() * 8);
    rows = own_rows.data();
    norms = own_norms.data();
  }
  void prepare(Gpu& gpu, const Range& items) {
    launch(gpu.stream(), grid_of(blocks_for(items.size(), kThreads / kTeam)), dim3(kThreads), round_rows, rows, norms,
           items.size(), dimensions, depth, halves.data(), errors.data());
  }
  /// Of the items, from the block's.
  void singles(const Gpu& gpu, const Range& items, float* out) const {
    launch(gpu.stream(), grid_of(blocks_for(items.size(), kThreads / kTeam)), dim3(kThreads), normalise,
           rows + (items.begin - begin) * dimensions, norms + (items.begin - begin), items.size(), dimensions, depth,
           out);
  }
  TeamRows team_rows() const { return {rows, norms, begin, dimensions}; }

  std::int64_t begin = 0;
  std::int64_t dimensions = 0;
  std::int64_t depth = 0;  ///< of a padded row
  const float* rows = nullptr;
  const double* norms = nullptr;  ///< squared, by the definition's sums
  DeviceBuffer<float> own_rows;   ///< where they come from the host
  DeviceBuffer<double> own_norms;
  DeviceBuffer<__half> halves;
  DeviceBuffer<float> errors;  ///< of the halves
};

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
    cost.tile.bytes_per_row = cost.tile.bytes_per_column = 4 * padded(dimensions);
    cost.bytes_per_item = (on_device(items_.left) ? 0 : 4 * dimensions) + 2 * padded(dimensions) + 12;
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
