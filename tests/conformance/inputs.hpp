// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "simile/core/array.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Items of one metric: the metric under test, and what the oracle says of any two.
class ConformanceInput {
 public:
  virtual ~ConformanceInput() = default;
  virtual const Metric& metric() const = 0;
  /// The definition in plain double precision; exactly, or to 1e-13.
  virtual double oracle(std::int64_t left, std::int64_t right) const = 0;
};

/// "ssim", "ssim_gaussian", "cosine", "euclidean", "template", "hamming", "minhash" or "orb", of one set or of two.
/// Identical, close and unrelated items, and items that are alike to nothing where the metric knows them.
std::unique_ptr<ConformanceInput> make_input(const std::string& metric, std::int64_t num_left, std::int64_t num_right,
                                             bool one_set);

}  // namespace simile
