// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace simile {

/// What in `folder` would be lost if it were deleted as an earlier result: the first entry, relative to the folder,
/// that simile did not write there; nothing when all is simile's. Changes to simile's own files are not looked for.
std::optional<std::string> find_foreign_entry(const std::filesystem::path& folder);

/// True when the folder's manifest.json is one of simile's.
bool has_own_manifest(const std::filesystem::path& folder);

}  // namespace simile
