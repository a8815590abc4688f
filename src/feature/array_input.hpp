// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "simile/feature/dataset.hpp"

namespace simile {

/// Opens a `.npy` of images or features with what stands beside it, as open_dataset() says.
Dataset open_npy(const std::filesystem::path& path, const DatasetOptions& options);

/// The names of rows that have none: their decimal indices.
std::vector<std::string> row_ids(std::int64_t count);

/// [n, h, w], or [n, h, w, c] with 1 or 3 channels.
bool is_image_shape(const std::vector<std::int64_t>& shape);
/// [n, h, w] as [n, h, w, 1].
std::array<std::int64_t, 4> image_shape(const std::vector<std::int64_t>& shape);

/// Throws invalid_argument for rows without elements: their number would not be bounded by the file's size.
void check_rows(const std::filesystem::path& path, const std::vector<std::int64_t>& shape);

}  // namespace simile
