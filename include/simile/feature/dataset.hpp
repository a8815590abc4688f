// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "simile/feature/features.hpp"
#include "simile/image/image_set.hpp"

namespace simile {

/// What a run works on: images, or features that were made before.
struct Dataset {
  ImageSet images;                   ///< its catalogue names the items in either case
  std::optional<Features> features;  ///< embeddings, hashes, or what `simile features` wrote
  bool method_known = false;         ///< the features' method is written beside them, not guessed
  std::string kind;                  ///< "folder", "list", "IDX images", "image array", "embeddings", "hashes"

  const Catalogue& catalogue() const { return images.catalogue; }
};

struct DatasetOptions {
  ListingOptions listing{};
  std::int64_t memory_bytes = 0;  ///< an array larger than this is refused
};

/// Opens a folder, a list of paths (text or CSV), an IDX file (plain or gzipped), or a `.npy` of images uint8 [n,h,w]
/// or [n,h,w,3], embeddings float32 or float16 [n,d], or hashes uint8 [n,bytes]; told apart by content. A `.csv` with a
/// column `path` beside a
/// `.npy` names its rows, a `.json` its method. Throws not_found, io, decode, invalid_argument, out_of_memory.
Dataset open_dataset(const std::filesystem::path& path, const DatasetOptions& options, const Context& context);

}  // namespace simile
