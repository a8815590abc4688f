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
  std::optional<Method> method;      ///< written beside an array, not guessed
  std::string kind;                  ///< "folder", "list", "IDX images", "image array", "hashes", ...

  const Catalogue& catalogue() const { return images.catalogue; }
  /// What an error says that the input holds: the kind, or the images of a folder or a list.
  std::string content() const { return kind == "folder" || kind == "list" ? "images" : kind; }
};

struct DatasetOptions {
  ListingOptions listing{};
  std::int64_t memory_bytes = 0;  ///< an array larger than this is refused
};

/// Opens a folder, a list of paths (text or CSV), an IDX file (plain or gzipped), or a `.npy` of images uint8 [n,h,w]
/// or [n,h,w,3], embeddings float32 or float16 [n,d], hashes uint8 [n,bytes], minhash signatures uint32 [n,128], or ORB
/// descriptors uint8 [m,32] with X.offsets.npy int64 [n+1]; told apart by content. A `.csv` with a column `path` beside
/// a `.npy` names its rows, a `.json` the method, and the folder of the files, which are found again if it is still
/// there. Throws not_found, io, decode, invalid_argument (also for globs on anything but a folder), out_of_memory.
Dataset open_dataset(const std::filesystem::path& path, const DatasetOptions& options, const Context& context);

}  // namespace simile
