// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "simile/image/catalogue.hpp"

namespace simile {

/// True class of every item of the catalogue, empty where unknown. `source` is "folders" (the name of the folder that
/// holds the item), an IDX file of labels (plain or gzipped; one per item), or a CSV `path,label` (path as in
/// clusters.csv, so the index where items have no path). Throws invalid_argument naming --truth when it does not fit
/// the catalogue, and what reading the file throws.
std::vector<std::string> read_truth(const std::string& source, const Catalogue& catalogue);

}  // namespace simile
