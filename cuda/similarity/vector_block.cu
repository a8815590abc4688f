// SPDX-License-Identifier: Apache-2.0
#include "cuda/core/launch.hpp"
#include "cuda/similarity/round_rows.cuh"
#include "cuda/similarity/vector_block.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace {

// cuBLAS takes its fastest way when rows are so many values apart.
constexpr std::int64_t kDepthUnit = 16;

/// Rows divided by their lengths, as halves times kHalfScale, and how far these are off. One row a team.
__global__ void round_rows(const float* rows, const double* norms, std::int64_t num_rows, std::int64_t dimensions,
                           std::int64_t depth, __half* halves, float* errors) {
  const Team team = Team::here();
  const std::int64_t row = team_number();
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
  const std::int64_t row = team_number();
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
  const std::int64_t row = team_number();
  if (row >= num_rows) return;
  const double multiplier = to_unit_length(norms[row]);
  for (std::int64_t k = team.lane; k < depth; k += kTeam) {
    out[row * depth + k] = k < dimensions ? static_cast<float>(rows[row * dimensions + k] * multiplier) : 0;
  }
}

}  // namespace

std::int64_t padded_depth(std::int64_t dimensions) { return blocks_for(dimensions, kDepthUnit) * kDepthUnit; }

DeviceBuffer<double> squared_norms(const Gpu& gpu, const View<const float, 2>& rows) {
  const Stream& stream = gpu.stream();
  const std::int64_t count = rows.shape[0];
  DeviceBuffer<double> norms(count, stream);
  const DeviceBuffer<unsigned long long> first_wrong(1, stream);
  auto answer = static_cast<unsigned long long>(count);
  copy_to_device(first_wrong.data(), &answer, 1, stream);
  launch(stream, teams_for(count), dim3(kThreads), square_rows, rows.data, count, rows.shape[1], norms.data(),
         first_wrong.data());
  copy_to_host(&answer, first_wrong.data(), 1, stream);
  stream.synchronize();
  if (answer < static_cast<unsigned long long>(count)) {
    throw Error(ErrorCode::invalid_argument, concat("row ", answer, " holds NaN or an infinite value"));
  }
  return norms;
}

void VectorBlock::load(Gpu& gpu, const Source& source, const Range& items) {
  dimensions = source.rows.shape[1];
  depth = padded_depth(dimensions);
  begin = items.begin;
  rows = source.rows.data + items.begin * dimensions;
  norms = source.norms + items.begin;
  const Stream& stream = gpu.uploader().stream();
  if (halves.size() < items.size() * depth) {
    halves = {};
    errors = {};
    halves = DeviceBuffer<__half>(items.size() * depth, stream);
    errors = DeviceBuffer<float>(items.size(), stream);
  }
  if (on_device(source.rows)) return;
  if (own_norms.size() < items.size()) {
    own_rows = {};
    own_norms = {};
    own_rows = DeviceBuffer<float>(items.size() * dimensions, stream);
    own_norms = DeviceBuffer<double>(items.size(), stream);
  }
  gpu.uploader().copy(own_rows.data(), rows, items.size() * dimensions * 4);
  gpu.uploader().copy(own_norms.data(), norms, items.size() * 8);
  rows = own_rows.data();
  norms = own_norms.data();
}

void VectorBlock::prepare(Gpu& gpu, const Range& items) {
  launch(gpu.stream(), teams_for(items.size()), dim3(kThreads), round_rows, rows, norms, items.size(), dimensions,
         depth, halves.data(), errors.data());
}

void VectorBlock::singles(const Gpu& gpu, const Range& items, float* out) const {
  launch(gpu.stream(), teams_for(items.size()), dim3(kThreads), normalise, rows + (items.begin - begin) * dimensions,
         norms + (items.begin - begin), items.size(), dimensions, depth, out);
}

}  // namespace simile::cuda
