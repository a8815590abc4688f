// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/fused/orthonormal.hpp"
#include "cuda/similarity/fused/short_rows.hpp"
#include "cuda/similarity/round_rows.cuh"

#include "simile/core/random.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kDepthUnit = 64;  // that tensor cores take at a time
constexpr std::int64_t kShare = 4;
// What the bounds below hold for, twice over; making the axes orthonormal takes the host half a second then.
constexpr std::int64_t kMostDimensions = 2048;
// Rows that the axes are found from, and rows that are projected at a time.
constexpr std::int64_t kSampleRows = 2048;
constexpr std::int64_t kChunkRows = 4096;

// With u = 2^-53, d <= 2^12 dimensions, k <= 2^10 axes: the deviation of Q'Q from I is below kMostDeviation + k d u <=
// 2^-30, the projections are off by at most sqrt(k) (d + 2) u < 2^-35.9 in length. docs/algorithms.md says how these
// enter the length of the rest and the product of two short rows.
constexpr double kMostDeviation = 0x1p-31;
constexpr double kRestSlack = 0x1p-29;
constexpr double kRowSlack = 0x1p-28;

/// Every `step`-th row, divided by its length, in double. One row a team.
__global__ void widen(const float* rows, const double* norms, std::int64_t step, std::int64_t count,
                      std::int64_t dimensions, double* out) {
  const Team team = Team::here();
  const std::int64_t k = team_number();
  if (k >= count) return;
  const double multiplier = to_unit_length(norms[k * step]);
  const float* const row = rows + k * step * dimensions;
  for (std::int64_t i = team.lane; i < dimensions; i += kTeam) out[k * dimensions + i] = row[i] * multiplier;
}

/// Values along the axes [count, depth - 1], and the length of the rest, as a short row. One row a team.
__global__ void shorten(const double* along, const double* norms, std::int64_t count, std::int64_t depth,
                        std::int64_t dimensions, __half* halves, float* errors) {
  const Team team = Team::here();
  const std::int64_t row = team_number();
  if (row >= count) return;
  const double* const values = along + row * (depth - 1);
  double partial = 0;
  for (std::int64_t k = team.lane; k < depth - 1; k += kTeam) partial += values[k] * values[k];
  const double squares = __shfl_sync(team.mask, team.sum(partial), 0, kTeam);
  const bool zero = norms[row] == 0;
  const double rest = zero ? 0 : sqrt(fmax(0.0, 1 - squares) + kRestSlack);
  const double residual = round_to_halves(
      team, depth, [&](std::int64_t k) { return k < depth - 1 ? values[k] : rest; }, halves + row * depth);
  if (team.lane == 0) errors[row] = zero ? 0 : round_up(byte_error(1, residual, dimensions) + kRowSlack);
}

/// c = op(a) b, all by columns: c [m, n], op(a) [m, k], b [k, n].
void multiply(Gpu& gpu, cublasOperation_t op, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
              const double* b, double* c) {
  const double one = 1;
  const double zero = 0;
  const auto i = [](std::int64_t value) { return static_cast<int>(value); };
  check(cublasDgemm(gpu.blas(), op, CUBLAS_OP_N, i(m), i(n), i(k), &one, a, i(op == CUBLAS_OP_N ? m : k), b, i(k),
                    &zero, c, i(m)),
        "cublasDgemm");
}

/// Axes [count, dimensions] along which the rows of a sample vary most, nearly: two steps of power iteration from
/// random ones (Halko, Martinsson and Tropp 2011), which cost little; rejects need no more. Nothing if they are not
/// orthonormal.
std::optional<DeviceBuffer<double>> principal_axes(Gpu& gpu, const ResidentRows& rows, std::int64_t count) {
  const Stream& stream = gpu.stream();
  const std::int64_t dimensions = rows.dimensions;
  const std::int64_t sample = std::min(rows.halves.count, kSampleRows);
  const DeviceBuffer<double> wide(sample * dimensions, stream);
  launch(stream, teams_for(sample), dim3(kThreads), widen, rows.rows, rows.halves.norms, rows.halves.count / sample,
         sample, dimensions, wide.data());

  Random random(1);
  std::vector<double> vectors(static_cast<std::size_t>(count * dimensions));
  for (auto& value : vectors) value = 2 * random.uniform() - 1;
  DeviceBuffer<double> axes(count * dimensions, stream);
  const DeviceBuffer<double> products(count * sample, stream);
  copy_to_device(axes.data(), vectors.data(), axes.size(), stream);
  for (int step = 0; step < 2; ++step) {
    multiply(gpu, CUBLAS_OP_T, sample, count, dimensions, wide.data(), axes.data(), products.data());
    multiply(gpu, CUBLAS_OP_N, dimensions, count, sample, wide.data(), products.data(), axes.data());
  }
  copy_to_host(vectors.data(), axes.data(), axes.size(), stream);
  stream.synchronize();
  orthonormalise(vectors, dimensions);
  if (!(deviation(vectors, dimensions) <= kMostDeviation)) return std::nullopt;
  copy_to_device(axes.data(), vectors.data(), axes.size(), stream);
  stream.synchronize();
  return axes;
}

}  // namespace

std::int64_t ShortRows::depth_of(std::int64_t dimensions) {
  if (dimensions > kMostDimensions) return 0;
  const std::int64_t depth = (dimensions / kShare + kDepthUnit / 2) / kDepthUnit * kDepthUnit;
  return depth;
}

std::int64_t ShortRows::device_bytes(std::int64_t count, std::int64_t dimensions) {
  const std::int64_t depth = depth_of(dimensions);
  const std::int64_t axes = depth * dimensions * 8;
  const std::int64_t sampling = kSampleRows * (dimensions + depth) * 8;
  const std::int64_t projecting = kChunkRows * (dimensions + depth) * 8;
  return count * (2 * depth + 4) + axes + std::max(sampling, projecting);
}

std::optional<ShortRows> ShortRows::make(Gpu& gpu, const ResidentRows& rows) {
  const std::int64_t depth = depth_of(rows.dimensions);
  if (depth == 0) return std::nullopt;
  const auto axes = principal_axes(gpu, rows, depth - 1);
  if (!axes) return std::nullopt;
  return ShortRows(gpu, rows, *axes);
}

ShortRows::ShortRows(Gpu& gpu, const ResidentRows& rows, const DeviceBuffer<double>& axes)
    : of_(rows.halves),
      depth_(depth_of(rows.dimensions)),
      halves_(of_.count * depth_, gpu.stream()),
      errors_(of_.count, gpu.stream()) {
  const Stream& stream = gpu.stream();
  const std::int64_t dimensions = rows.dimensions;
  const std::int64_t chunk = std::min(of_.count, kChunkRows);
  const DeviceBuffer<double> wide(chunk * dimensions, stream);
  const DeviceBuffer<double> along(chunk * (depth_ - 1), stream);
  for (std::int64_t begin = 0; begin < of_.count; begin += chunk) {
    const std::int64_t size = std::min(chunk, of_.count - begin);
    const double* const norms = of_.norms + begin;
    launch(stream, teams_for(size), dim3(kThreads), widen, rows.rows + begin * dimensions, norms, std::int64_t{1}, size,
           dimensions, wide.data());
    multiply(gpu, CUBLAS_OP_T, depth_ - 1, size, dimensions, axes.data(), wide.data(), along.data());
    launch(stream, teams_for(size), dim3(kThreads), shorten, along.data(), norms, size, depth_, dimensions,
           halves_.data() + begin * depth_, errors_.data() + begin);
  }
}

HalfSet ShortRows::set() const {
  return {halves_.data(), errors_.data(), of_.norms, of_.count, depth_, half_precision(depth_)};
}

}  // namespace simile::cuda
