// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace simile {

/// Weights in the store are called so, with as many digits of their checksum.
inline constexpr std::string_view kWeightsPrefix = "model-";
inline constexpr std::size_t kDigitsInName = 16;

/// Keeps other programs from changing the same store. The file stays: to remove it would let two have it.
class StoreLock {
 public:
  /// Throws io when another program has it.
  explicit StoreLock(const std::filesystem::path& store);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

 private:
  int descriptor_;
};

/// Whether only this program names a file so: "model-0123456789abcdef.safetensors" (others' shards are called
/// model-00001-of-00002), or a temporary name.
bool is_own_file(const std::string& name);

/// Removes what earlier models of this name, or runs that were killed, left, but not `weights`.
void remove_leftovers(const std::filesystem::path& folder, const std::string& weights);

}  // namespace simile
