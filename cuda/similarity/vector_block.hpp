// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_fp16.h>

#include "cuda/similarity/residence.hpp"
#include "cuda/similarity/team_vectors.cuh"

#include "simile/core/view.hpp"

namespace simile::cuda {

inline bool on_device(const View<const float, 2>& rows) { return rows.device.kind == Device::Kind::cuda; }

/// Of rows on the device, by the definition's sums. Throws invalid_argument when one holds NaN or an infinite value.
DeviceBuffer<double> squared_norms(const Gpu& gpu, const View<const float, 2>& rows);

/// Values of a row as the screens have it, with zeros behind.
std::int64_t padded_depth(std::int64_t dimensions);

/// Vectors of one block, with what the screens make of them.
struct VectorBlock {
  /// Both on the host, or both on the device, where they are used as they lie.
  struct Source {
    View<const float, 2> rows;
    const double* norms;
  };

  void load(Gpu& gpu, const Source& source, const Range& items);
  void prepare(Gpu& gpu, const Range& items);
  /// Rows of the block's items divided by their lengths, as floats, padded.
  void singles(const Gpu& gpu, const Range& items, float* out) const;
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

}  // namespace simile::cuda
