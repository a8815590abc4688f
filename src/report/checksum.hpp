// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace simile {

/// SHA-256 of a file in lower-case hexadecimal, as sha256sum prints it.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace simile
