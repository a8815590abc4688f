// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "simile/core/cancellation.hpp"
#include "simile/report/move.hpp"

namespace simile::report {

/// Of what stands there now; symbolic links are not followed. Throws filesystem_error when that cannot be found out.
FileStamp stamp_of(const std::filesystem::path& path);
/// True when anything stands there, a dangling link included. Throws as stamp_of().
bool stands(const std::filesystem::path& path);

/// Makes a folder and those above it, each brought to the disk.
void make_folders(const std::filesystem::path& folder);

enum class Carry {
  rename,  ///< within a file system; across, copy
  copy,    ///< also within one (so that tests need no second one)
};

/// Moves a regular file to a name that is free. Whatever stops it and whenever, at least one of the two is whole and
/// named as asked for. A copy grows as `temporary` beside its target, where a crash may leave it. Throws
/// filesystem_error, or Error with a reason without path (the file changed meanwhile, the copy differs); then the
/// original stands where it was and nothing stands at the target.
void move_file(const std::filesystem::path& from, const std::filesystem::path& to,
               const std::filesystem::path& temporary, Carry carry, const Cancellation& cancellation);

/// True when both are regular files of the same bytes.
bool same_content(const std::filesystem::path& a, const std::filesystem::path& b, const Cancellation& cancellation);

}  // namespace simile::report
