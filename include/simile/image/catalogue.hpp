// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/cancellation.hpp"

namespace simile {

/// The items of a run, in their canonical order; an item's index is its name inside the engine.
struct Catalogue {
  std::filesystem::path root;        ///< folder that the ids are relative to; empty where items are rows of an array
  std::vector<std::string> ids;      ///< path relative to the root (raw bytes), or the row's decimal index
  bool has_files = false;            ///< ids name files under the root
  std::int64_t repeats = 0;          ///< lines of a list that named an item again
  std::int64_t links = 0;            ///< symbolic links in a folder, left out
  std::int64_t earlier_results = 0;  ///< result folders of simile below the folder, left out

  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
  std::filesystem::path file(std::int64_t item) const { return root / ids[static_cast<std::size_t>(item)]; }
};

/// One item that could not be used, and why.
struct ItemError {
  std::int64_t item = 0;
  std::string reason;
};

/// Which files of a folder belong to the run. Globs are matched against the path relative to the folder: `*` and `?`
/// within a path part, `**` across parts, `[...]` sets; a glob without a slash is matched against the file's name.
struct ListingOptions {
  std::vector<std::string> include;  ///< when not empty, a file must match one of these
  std::vector<std::string> exclude;  ///< a file must match none of these
};

/// Every file below `folder`, recursively, in byte-wise order of the relative path. Symbolic links are left out: what
/// they name inside the folder is listed where it is, and would be its own copy here; what they name outside does not
/// belong to it. So are folders below it that hold a result of simile (manifest.json with clusters.csv and report.html,
/// or with threshold.csv and threshold.html): transferred copies are no photos of their own. Files that are no regular
/// files (FIFOs, devices) and files that cannot be reached stay in the list, to become per-item errors when they are
/// read. Throws not_found, io, cancelled, or invalid_argument for a malformed glob (naming it).
Catalogue list_folder(const std::filesystem::path& folder, const ListingOptions& options,
                      const Cancellation& cancellation);

/// The files that a list names, in its order: one path per line, or a CSV with a column `path`; relative paths start at
/// the list's folder, which is the root. A repeat is one item and is counted. Throws not_found, io, decode.
Catalogue list_file(const std::filesystem::path& list);

/// True when `path` (relative, `/` between parts) matches `glob` as ListingOptions says.
bool glob_match(const std::string& glob, const std::string& path);

}  // namespace simile
