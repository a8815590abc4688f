// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "simile/core/folder_lock.hpp"

namespace simile {

/// The folder of a training, in which files appear one by one: unlike a result it is of use before it is complete.
/// run.json says whose it is.
class TrainingFolder {
 public:
  static constexpr const char* kState = "state.safetensors";
  static constexpr const char* kWeights = "model.safetensors";
  static constexpr const char* kCard = "card.json";
  static constexpr const char* kManifest = "manifest.json";

  /// Whether it holds a training that has not ended.
  static bool is_unfinished(const std::filesystem::path& folder);
  /// Throws invalid_argument when the folder holds anything but a training, or with `overwrite` anything that simile
  /// did not write. Needs no lock and writes nothing.
  static void check(const std::filesystem::path& folder, bool overwrite);

  /// Locks the folder, and makes it where there is none. `settings`: an object of values that decide the result. Throws
  /// invalid_argument when a training with others is there, naming the first that differs, unless `overwrite`; then
  /// its files go. io when another run is writing.
  TrainingFolder(std::filesystem::path folder, const nlohmann::ordered_json& settings, bool overwrite);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  /// A training that was begun has at least one epoch behind it.
  bool has_state() const { return std::filesystem::exists(path_ / kState); }

 private:
  std::filesystem::path path_;
  FolderLock lock_;
};

}  // namespace simile
