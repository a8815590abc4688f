// SPDX-License-Identifier: Apache-2.0
#include "similarity/quantised_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "similarity/arithmetic/bytes.hpp"

namespace simile {
namespace {

constexpr std::int64_t kStages = 4;

/// Where a first stage may end: after 1/8, 2/8, 3/8 and 4/8 of the values.
std::vector<std::int64_t> make_stages(std::int64_t padded_depth) {
  const std::int64_t blocks = padded_depth / kScreenBlock;
  constexpr std::int64_t kGroups = kScreenBlock / 4;
  std::vector<std::int64_t> stages;
  for (std::int64_t part = 1; part <= kStages; ++part) {
    const std::int64_t groups = (blocks * part + 7) / 8 * kGroups;
    if (groups < blocks * kGroups && (stages.empty() || stages.back() < groups)) stages.push_back(groups);
  }
  stages.push_back(blocks * kGroups);
  return stages;
}

}  // namespace

std::int64_t QuantisedRows::size_bytes(std::int64_t num_rows, std::int64_t depth) {
  constexpr std::int64_t kMostFields = first_tail + kStages + 1;
  return BytePanels::size_bytes(num_rows, depth) +
         kMostFields * (num_rows + 2 * kPanelRows) * static_cast<std::int64_t>(sizeof(float));
}

QuantisedRows::QuantisedRows(View<const float, 2> rows, const double* squared_norms, bool normalised)
    : panels_(rows.shape[0], rows.shape[1]), stages_(make_stages(panels_.padded_depth())) {
  const std::int64_t depth = rows.shape[1];
  const Kernels& simd = kernels();
  items_ = Array<float, 2>({first_tail + static_cast<std::int64_t>(stages_.size()), panels_.padded_rows()});
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(panels_.padded_depth()));
  std::vector<double> energies(static_cast<std::size_t>(panels_.padded_depth() / kScreenBlock));
  for (std::int64_t row = 0; row < rows.shape[0]; ++row) {
    const float* const values = rows[row].data;
    const double norm = std::sqrt(squared_norms[row]);
    const double multiplier = normalised ? (norm > 0 ? 1 / norm : 0) : 1;
    const float step = round_up(static_cast<double>(simd.largest(values, depth)) * multiplier / 127);
    double residual = 0;
    simd.quantise(values, depth, multiplier, static_cast<double>(step), bytes.data(), energies.data(), &residual);
    panels_.put(row, bytes.data());
    const double size = normalised ? (norm > 0 ? 1 : 0) : norm;
    field(scale)[row] = step;
    field(length)[row] = round_up(byte_length(size));
    field(error)[row] = round_up(byte_error(size, residual, depth));
    field(offset)[row] = normalised ? 0 : round_down(byte_offset(squared_norms[row]));
    set_tails(row, energies);
    max_error_ = std::max(max_error_, static_cast<double>(field(error)[row]));
    max_length_ = std::max(max_length_, static_cast<double>(field(length)[row]));
  }
}

void QuantisedRows::set_tails(std::int64_t row, const std::vector<double>& energies) {
  double rest = 0;
  std::size_t block = energies.size();
  for (std::size_t stage = stages_.size(); stage-- > 0;) {
    while (block * (kScreenBlock / 4) > static_cast<std::size_t>(stages_[stage])) rest += energies[--block];
    field(first_tail + static_cast<std::int64_t>(stage))[row] = round_up(byte_length(std::sqrt(rest)));
  }
}

ScreenItems QuantisedRows::items(std::int64_t row, std::size_t stage) const {
  return {field(scale) + row, field(error) + row, field(length) + row,
          field(first_tail + static_cast<std::int64_t>(stage)) + row, field(offset) + row};
}

}  // namespace simile
