// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "cuda/core/buffer.hpp"
#include "cuda/core/gpu.hpp"
#include "cuda/similarity/fused/rounded_set.hpp"

namespace simile::cuda {

/// Rows of length 1 as signed bytes times a step that all of them share. Their products are exact integers, in twice
/// the speed and a fortieth of the precision of halves.
class ByteRows {
 public:
  /// Sums of so many products are below 2^30.
  static constexpr std::int64_t kMostDimensions = 1 << 16;

  static std::int64_t device_bytes(std::int64_t count, std::int64_t dimensions);

  /// Throws out_of_memory.
  ByteRows(Gpu& gpu, const ResidentRows& rows);

  ByteSet set() const;

 private:
  HalfSet of_;
  std::int64_t depth_;
  double step_ = 0;
  DeviceBuffer<std::int8_t> bytes_;
  DeviceBuffer<float> errors_;
};

}  // namespace simile::cuda
