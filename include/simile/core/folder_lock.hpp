// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace simile {

/// Keeps a second run out of a folder: a locked file beside it, `.NAME.simile-lock`, which goes with this object; what
/// a killed run left does not lock.
class FolderLock {
 public:
  /// Throws io when another run has it, or when the file cannot be written.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace simile
