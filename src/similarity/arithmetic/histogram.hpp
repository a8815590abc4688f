// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "similarity/arithmetic/common.hpp"

namespace simile {

/// Bins k, each from borders[k] to ends[k]; the first also holds what lies before it, the last has no end.
struct HistogramBins {
  double low;
  double bins_per_unit;
  const double* borders;
  const double* ends;
  std::int64_t count;

  SIMILE_SHARED_MEMBER std::int64_t of(double similarity) const {
    const double guess = (similarity - low) * bins_per_unit;
    const double last = static_cast<double>(count - 1);
    auto bin = static_cast<std::int64_t>(guess > 0 ? (guess < last ? guess : last) : 0);
    // The product is off by a few roundings; the borders decide.
    while (bin > 0 && similarity < borders[bin]) --bin;
    while (similarity >= ends[bin]) ++bin;
    return bin;
  }
};

}  // namespace simile
