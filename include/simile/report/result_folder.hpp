// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "simile/core/folder_lock.hpp"

namespace simile {

/// A folder that appears whole or not at all: it is built under a hidden name beside its target and renamed when it is
/// complete. A lock file beside the target refuses a second run into it; what a killed run left is cleared by the next.
class ResultFolder {
 public:
  /// Throws invalid_argument when the target exists and not `overwrite`, or exists and holds anything that simile did
  /// not write (it would be lost); io when another run is writing to it, or when it cannot be written.
  ResultFolder(std::filesystem::path target, bool overwrite);
  /// Removes what was not committed.
  ~ResultFolder();
  ResultFolder(const ResultFolder&) = delete;
  ResultFolder& operator=(const ResultFolder&) = delete;

  /// Where to write until commit().
  const std::filesystem::path& path() const { return partial_; }
  const std::filesystem::path& target() const { return target_; }
  /// Puts the folder in its place, in exchange for an older result. Throws as the constructor when something else has
  /// appeared there in the meantime.
  void commit();

 private:
  void settle_moved_result();

  std::filesystem::path target_;
  std::filesystem::path partial_;
  std::filesystem::path old_;
  std::optional<FolderLock> lock_;
  bool overwrite_;
};

/// The checks of ResultFolder's constructor that need no writing, for a run that only plans.
void check_result_target(const std::filesystem::path& target, bool overwrite);

}  // namespace simile
