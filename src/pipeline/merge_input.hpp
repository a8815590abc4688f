// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/batch_settings.hpp"

#include "simile/core/context.hpp"
#include "simile/feature/extract.hpp"
#include "simile/report/batches.hpp"

namespace simile {

/// Batches of one result folder, and the input that they were made of.
struct BatchSource {
  std::filesystem::path folder;
  Batches batches;
  BatchSettings settings;
  std::filesystem::path input;  ///< as it is to be opened
  Dataset dataset{};
};

/// Reads what the folder tells, and opens its input: where `input` is, or unless empty where it was. Throws as
/// read_batches(); not_found where the input is not there.
BatchSource open_source(const std::filesystem::path& folder, const std::filesystem::path& input);

/// Lists the input. Throws io unless its items are those of the batches.
void list_source(BatchSource& source, const Context& context);

/// Takes the features of the source's items. Throws io where they are not those of the batches.
Extraction read_source(BatchSource& source, const CacheOptions& cache, const Context& context);

/// The files of several sources as one set.
struct JointSet {
  ImageSet images;
  std::vector<std::vector<std::int64_t>> item_of;  ///< by source: the index here of every item there
};

/// Named from the deepest folder that is common to the roots of all, and sorted by that name. Throws invalid_argument
/// where sources were not made alike, hold no files, or hold one twice.
JointSet join_sources(const std::vector<BatchSource>& sources);

}  // namespace simile
