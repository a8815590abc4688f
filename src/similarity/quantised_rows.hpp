// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "similarity/byte_panels.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Float rows x [n, d] as signed bytes q with a step a row, x ~ step * q, and what the byte screen has to know of each:
/// measured, rounded upwards (docs/algorithms.md, "byte screen"). Only screens depend on it.
class QuantisedRows {
 public:
  QuantisedRows() = default;
  /// `squared_norms` [n] are those of the given rows, finite. `normalised`: x is the row divided by its length (a zero
  /// row stays), and offsets are 0; else x is the row itself, and its offset |x|^2 / 2.
  QuantisedRows(View<const float, 2> rows, const double* squared_norms, bool normalised);

  const BytePanels& panels() const { return panels_; }
  /// Of so many rows, at most.
  static std::int64_t size_bytes(std::int64_t num_rows, std::int64_t depth);

  /// Depths, in groups, at which a pair may be rejected before all its values are multiplied; ascending, the last is
  /// all of them.
  const std::vector<std::int64_t>& stages() const { return stages_; }
  /// What is known of the rows from `row` on, with the tails of a stage.
  ScreenItems items(std::int64_t row, std::size_t stage) const;
  /// The widest interval that a pair of these and other rows can get.
  double max_error() const { return max_error_; }
  double max_length() const { return max_length_; }

 private:
  enum Field : std::int64_t { scale, error, length, offset, first_tail };
  float* field(std::int64_t index) { return items_.data() + index * items_.shape(1); }
  const float* field(std::int64_t index) const { return items_.data() + index * items_.shape(1); }
  void set_tails(std::int64_t row, const std::vector<double>& energies);

  BytePanels panels_;
  std::vector<std::int64_t> stages_;
  Array<float, 2> items_;  // [field, row]
  double max_error_ = 0;
  double max_length_ = 0;
};

}  // namespace simile
