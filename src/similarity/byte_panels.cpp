// SPDX-License-Identifier: Apache-2.0
#include "similarity/byte_panels.hpp"

#include <algorithm>
#include <cstring>

namespace simile {

BytePanels::BytePanels(std::int64_t num_rows, std::int64_t depth)
    : num_rows_(num_rows), bytes_({num_panels(num_rows), panel_bytes(depth)}) {}

void BytePanels::put(std::int64_t row, const std::int8_t* values) {
  std::int8_t* target = bytes_.data() + row / kPanelRows * bytes_.shape(1) + row % kPanelRows * 4;
  for (std::int64_t group = 0; group < groups(); ++group) {
    std::memcpy(target + group * 4 * kPanelRows, values + group * 4, 4);
  }
}

void BytePanels::get(std::int64_t row, std::int8_t* values) const {
  const std::int8_t* source = bytes_.data() + row / kPanelRows * bytes_.shape(1) + row % kPanelRows * 4;
  for (std::int64_t group = 0; group < groups(); ++group) {
    std::memcpy(values + group * 4, source + group * 4 * kPanelRows, 4);
  }
}

Operand prepare_left(const Operand& panels, const PanelSpan& rows, std::int64_t groups, Workspace& workspace) {
  const Kernels& simd = kernels();
  const std::int64_t panel_bytes = simd.prepared_left * groups * 4 * kPanelRows;
  auto* const prepared = workspace.buffer<std::int8_t>(left_panels_slot, rows.num_panels() * panel_bytes);
  simd.prepare_left(panels, rows.num_panels(), groups, prepared);
  return {prepared, panel_bytes};
}

Operand prepare_right(const Operand& panels, const PanelSpan& columns, std::int64_t groups, Workspace& workspace) {
  const Kernels& simd = kernels();
  if (simd.prepared_right == 0) return panels;
  const std::int64_t panel_bytes = simd.prepared_right * groups * 4 * kPanelRows;
  auto* const prepared = workspace.buffer<std::int8_t>(right_panels_slot, columns.num_panels() * panel_bytes);
  simd.prepare_right(panels, columns.num_panels(), groups, prepared);
  return {prepared, panel_bytes};
}

Operand columns_from(const Operand& prepared, std::int64_t column) {
  // Where blocks are narrower than a panel, values are prepared as two to a 32-bit word.
  const auto* const bytes = static_cast<const std::int8_t*>(prepared.data);
  return {bytes + column / kPanelRows * prepared.panel_bytes + column % kPanelRows * 4, prepared.panel_bytes};
}

std::int64_t rows_to_multiply(const PanelSpan& rows, std::int64_t column, bool upper) {
  if (!upper) return rows.size;
  const Kernels& simd = kernels();
  const std::int64_t above = std::max<std::int64_t>(0, column + simd.product_columns - 1 - rows.begin);
  return std::min(rows.size, (above + simd.product_rows - 1) / simd.product_rows * simd.product_rows);
}

void add_products(const Operand& left, const PanelSpan& rows, const Operand& right, const PanelSpan& columns,
                  std::int64_t groups, bool upper, Workspace& workspace, std::int32_t* products) {
  const Kernels& simd = kernels();
  const Operand a = prepare_left(left, rows, groups, workspace);
  const Operand b = prepare_right(right, columns, groups, workspace);
  for (std::int64_t column = 0; column < columns.size; column += simd.product_columns) {
    const std::int64_t num_rows = rows_to_multiply(rows, columns.begin + column, upper);
    simd.multiply_bytes(a, num_rows, columns_from(b, column), groups, products + column, columns.size);
  }
}

}  // namespace simile
