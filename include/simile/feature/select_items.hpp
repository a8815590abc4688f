// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/feature/dataset.hpp"

namespace simile {

/// The given items (ascending, no repeats) as a dataset of their own: item k of the result is items[k]. Rows of arrays
/// are moved to the front; files are only named.
Dataset select_items(Dataset dataset, const std::vector<std::int64_t>& items);

/// Copies of the given rows, in their order; row k of the result is item k.
Features select_rows(const Features& features, const std::vector<std::int64_t>& rows);

/// The rows of all parts, one after the other; row k of the result is item k. Throws invalid_argument when the parts
/// are of other methods, or rows of other shapes.
Features join_rows(const std::vector<Features>& parts);

}  // namespace simile
