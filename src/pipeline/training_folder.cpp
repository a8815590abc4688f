// SPDX-License-Identifier: Apache-2.0
#include "pipeline/training_folder.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kRun = "run.json";
constexpr const char* kCommand = "train autoencoder";
constexpr std::int64_t kMaxRunBytes = 1 << 20;
constexpr std::array<std::string_view, 11> kOwnNames{kRun,
                                                     TrainingFolder::kState,
                                                     TrainingFolder::kWeights,
                                                     TrainingFolder::kCard,
                                                     TrainingFolder::kManifest,
                                                     "loss.csv",
                                                     "loss.svg",
                                                     "loss.png",
                                                     "metrics.jsonl",
                                                     "split.csv",
                                                     "unreadable.csv"};
constexpr std::string_view kGridPrefix = "reconstructions_epoch_";

/// Of a run that was killed.
bool is_temporary(const fs::directory_entry& entry) {
  return entry.path().filename().native().starts_with(kTemporaryPrefix) && entry.is_regular_file() &&
         !entry.is_symlink();
}

bool is_own(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().native();
  if (entry.is_symlink() || !entry.is_regular_file()) return false;
  return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end() || name.starts_with(kGridPrefix) ||
         is_temporary(entry);
}

/// What run.json says, if it is one of a training.
std::optional<ordered_json> read_run(const fs::path& folder) {
  if (!fs::exists(folder / kRun)) return std::nullopt;
  const auto json = ordered_json::parse(read_file(folder / kRun, kMaxRunBytes), nullptr, /*allow_exceptions=*/false);
  const bool fits = json.is_object() && json.contains("simile") && json.value("command", "") == kCommand &&
                    json.contains("settings") && json["settings"].is_object();
  if (!fits) return std::nullopt;
  return json;
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& reason) {
  throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(folder.native()), " ", reason));
}

void check_settings(const fs::path& folder, const ordered_json& found, const ordered_json& wanted) {
  for (const auto& [name, value] : wanted.items()) {
    const auto there = found.find(name);
    if (there != found.end() && *there == value) continue;
    const std::string was = there == found.end() ? "nothing" : there->dump();
    refuse(folder, concat("holds a training with another ", name, ": ", was, ", not ", value.dump(),
                          " (--overwrite replaces it)"));
  }
}

}  // namespace

bool TrainingFolder::is_unfinished(const fs::path& folder) {
  std::error_code missing;
  return fs::is_regular_file(folder / kRun, missing) && !fs::exists(folder / kManifest, missing) && read_run(folder);
}

void TrainingFolder::check(const fs::path& folder, bool overwrite) {
  if (!fs::exists(fs::symlink_status(folder))) return;
  if (fs::is_symlink(folder) || !fs::is_directory(folder)) refuse(folder, "is not a folder");
  if (fs::is_empty(folder)) return;
  bool only_temporary = true;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().filename().native().starts_with(kTemporaryPrefix)) only_temporary = false;
    if (overwrite && !is_own(entry)) {
      refuse(folder, concat("holds ", in_quotes(entry.path().filename().native()),
                            ", which is not from simile train; --overwrite would delete it"));
    }
  }
  if (only_temporary) return;  // killed before run.json had its name
  if (!read_run(folder)) refuse(folder, "exists and is not a training of simile: it has no run.json of its own");
}

TrainingFolder::TrainingFolder(fs::path folder, const ordered_json& settings, bool overwrite)
    : path_(std::move(folder)), lock_(path_) {
  check(path_, overwrite);
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) throw Error(ErrorCode::io, concat("cannot write ", in_quotes(path_.native()), ": ", error.message()));
  const auto run = read_run(path_);
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (is_temporary(entry)) fs::remove(entry.path());
  }
  if (run && !overwrite) {
    check_settings(path_, (*run)["settings"], settings);
    return;
  }
  // run.json goes last and comes first: what else is in the folder is always known to be simile's.
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (is_own(entry) && entry.path().filename() != kRun) fs::remove(entry.path());
  }
  write_text(path_ / kRun,
             ordered_json{{"simile", kVersion}, {"command", kCommand}, {"settings", settings}}.dump(2) + "\n");
}

}  // namespace simile
