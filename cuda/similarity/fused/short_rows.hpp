// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "cuda/core/buffer.hpp"
#include "cuda/core/gpu.hpp"
#include "cuda/similarity/fused/rounded_set.hpp"

namespace simile::cuda {

/// Short rows of which the products are at least those of the rows that they are made of: their values along the set's
/// first principal axes, and the length of what these leave (Cauchy-Schwarz; docs/algorithms.md, "Fused half screen").
class ShortRows {
 public:
  /// Values of a short row, a quarter of the row's or so; 0: rows of so many values have none.
  static std::int64_t depth_of(std::int64_t dimensions);
  /// Bytes on the device, with what making them takes.
  static std::int64_t device_bytes(std::int64_t count, std::int64_t dimensions);

  /// Nothing if the axes that were found are no good. Throws out_of_memory.
  static std::optional<ShortRows> make(Gpu& gpu, const ResidentRows& rows);

  HalfSet set() const;

 private:
  ShortRows(Gpu& gpu, const ResidentRows& rows, const DeviceBuffer<double>& axes);

  HalfSet of_;
  std::int64_t depth_;
  DeviceBuffer<__half> halves_;
  DeviceBuffer<float> errors_;
};

}  // namespace simile::cuda
