// SPDX-License-Identifier: Apache-2.0
#include "cuda/core/launch.hpp"
#include "cuda/similarity/fused/byte_rows.hpp"
#include "cuda/similarity/round_rows.cuh"

namespace simile::cuda {
namespace {

constexpr std::int64_t kDepthUnit = 16;  // bytes that the device copies at once
constexpr double kLargest = 127;
// Sums are exact integers below 2^31, each then rounded to a float.
constexpr double kAccumulation = 0x1p-23;

std::int64_t depth_of(std::int64_t dimensions) { return blocks_for(dimensions, kDepthUnit) * kDepthUnit; }

/// The largest value of all rows divided by their lengths; `most` is 0 at first. One row a team.
__global__ void find_largest(const float* rows, const double* norms, std::int64_t count, std::int64_t dimensions,
                             float* most) {
  const Team team = Team::here();
  const std::int64_t row = team_number();
  if (row >= count) return;
  const double multiplier = to_unit_length(norms[row]);
  float largest = 0;
  for (std::int64_t k = team.lane; k < dimensions; k += kTeam) {
    largest = fmaxf(largest, round_up(std::fabs(rows[row * dimensions + k] * multiplier)));
  }
  // Numbers above 0 are in the order of their bits.
  atomicMax(reinterpret_cast<int*>(most), __float_as_int(largest));
}

/// One row a team.
__global__ void round_to_bytes(const float* rows, const double* norms, std::int64_t count, std::int64_t dimensions,
                               std::int64_t depth, double step, std::int8_t* bytes, float* errors) {
  const Team team = Team::here();
  const std::int64_t row = team_number();
  if (row >= count) return;
  const double multiplier = to_unit_length(norms[row]);
  double residual = 0;
  for (std::int64_t k = team.lane; k < depth; k += kTeam) {
    const double value = k < dimensions ? rows[row * dimensions + k] * multiplier : 0;
    const double byte = rint(value / step);
    const double off = value - step * byte;
    residual += off * off;
    bytes[row * depth + k] = static_cast<std::int8_t>(byte);
  }
  residual = team.sum(residual);
  if (team.lane == 0) errors[row] = round_up(byte_error(multiplier > 0 ? 1 : 0, residual, dimensions));
}

}  // namespace

std::int64_t ByteRows::device_bytes(std::int64_t count, std::int64_t dimensions) {
  return count * (depth_of(dimensions) + 4) + 4;
}

ByteRows::ByteRows(Gpu& gpu, const ResidentRows& rows)
    : of_(rows.halves),
      depth_(depth_of(rows.dimensions)),
      bytes_(of_.count * depth_, gpu.stream()),
      errors_(of_.count, gpu.stream()) {
  const Stream& stream = gpu.stream();
  const dim3 grid = teams_for(of_.count);
  const DeviceBuffer<float> most(1, stream);
  fill_zero(most.data(), 1, stream);
  launch(stream, grid, dim3(kThreads), find_largest, rows.rows, of_.norms, of_.count, rows.dimensions, most.data());
  float largest = 0;
  copy_to_host(&largest, most.data(), 1, stream);
  stream.synchronize();
  step_ = largest > 0 ? static_cast<double>(largest) / kLargest : 1;
  launch(stream, grid, dim3(kThreads), round_to_bytes, rows.rows, of_.norms, of_.count, rows.dimensions, depth_, step_,
         bytes_.data(), errors_.data());
}

ByteSet ByteRows::set() const {
  return {bytes_.data(), errors_.data(), of_.norms, of_.count, depth_, {step_ * step_, kAccumulation}};
}

}  // namespace simile::cuda
