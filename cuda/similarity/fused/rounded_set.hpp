// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_fp16.h>

#include "similarity/arithmetic/half.hpp"

namespace simile::cuda {

/// What a product of rounded rows stands for.
struct Precision {
  double unit;          ///< of a product
  double accumulation;  ///< by how much its sum may be off, for rows of length 1
};

/// All rows of one set on the device, of length 1 or 0, rounded to multiples of what few bits hold.
template <class Element>
struct RoundedSet {
  const Element* values;  ///< [count, depth]; whole units of 16 bytes to a row
  const float* errors;    ///< of each row (src/similarity/arithmetic/bytes.hpp)
  const double* norms;    ///< squared, of the rows as they are given; 0: the row is alike to nothing
  std::int64_t count;
  std::int64_t depth;
  Precision precision;
};

/// As the half screen has them (src/similarity/arithmetic/half.hpp).
using HalfSet = RoundedSet<__half>;
using ByteSet = RoundedSet<std::int8_t>;

inline Precision half_precision(std::int64_t depth) {
  return {1 / (kHalfScale * kHalfScale), half_accumulation(depth)};
}

/// Rows that are compared by cosine, all of them on the device.
struct ResidentRows {
  HalfSet halves;
  const float* rows;  ///< [count, dimensions], as they are given
  std::int64_t dimensions;
};

}  // namespace simile::cuda
