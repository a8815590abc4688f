// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "simile/image/catalogue.hpp"

namespace simile::report {

/// A table `path,reason` of items.
void write_item_errors(const std::filesystem::path& file, const Catalogue& catalogue,
                       const std::vector<ItemError>& errors);

/// transfer_errors.csv, when there are any.
void write_transfer_errors(const std::filesystem::path& folder, const Catalogue& catalogue,
                           const std::vector<ItemError>& errors);

}  // namespace simile::report
