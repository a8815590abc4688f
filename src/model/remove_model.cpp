// SPDX-License-Identifier: Apache-2.0
#include <system_error>

#include "model/model_files.hpp"
#include "model/store_folder.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_store.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// Where a model of this name came with the program; empty: nowhere.
fs::path shared_folder(const ModelStore& store, const std::string& name) {
  std::error_code ignored;
  for (const auto& shared : store.shared) {
    if (fs::exists(shared / name / kCardName, ignored)) return shared / name;
  }
  return {};
}

/// The user's folder of this name. Throws as remove_model().
fs::path folder_to_remove(const ModelStore& store, const std::string& name) {
  // A name of one part: "..", or a path, would lead out of the store.
  const bool is_name = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
  std::error_code ignored;
  const fs::path folder = store.user / name;
  if (is_name && !store.user.empty() && fs::is_symlink(folder, ignored)) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(folder.native()),
                                                    " is a symbolic link, which simile did not make: "
                                                    "remove it yourself"));
  }
  if (is_name && !store.user.empty() && fs::exists(folder / kCardName, ignored)) return folder;
  if (const fs::path shared = is_name ? shared_folder(store, name) : fs::path(); !shared.empty()) {
    throw Error(ErrorCode::invalid_argument,
                concat("model ", in_quotes(name), " came with simile (", in_quotes(shared.native()),
                       "): only models that you added are removed"));
  }
  std::string names;
  for (const auto& listed : list_models(store)) {
    if (listed.of_user) names += concat(names.empty() ? "" : ", ", listed.name);
  }
  throw Error(ErrorCode::not_found,
              concat("you added no model ", in_quotes(name), "; ",
                     names.empty() ? std::string("there are none") : concat("there are ", names)));
}

}  // namespace

RemovedModel remove_model(const ModelStore& store, const std::string& name, bool dry_run) {
  RemovedModel removed;
  try {
    removed.folder = folder_to_remove(store, name);
    const StoreLock lock(store.user);
    for (const auto& entry : fs::directory_iterator(removed.folder)) {
      const std::string file = entry.path().filename().native();
      // Weights of another name were put there by hand, and may be the only ones.
      const bool of_model = file == kCardName || is_own_file(file);
      if (!of_model || fs::is_directory(entry.symlink_status())) {
        removed.folder_stays = true;
        continue;
      }
      removed.num_files += 1;
      if (entry.is_regular_file()) removed.size_bytes += static_cast<std::int64_t>(entry.file_size());
    }
    removed.shown_instead = shared_folder(store, name);
    if (dry_run) return removed;
    fs::remove(removed.folder / kCardName);  // first: a model is there as long as its card
    sync_folder(removed.folder);
    remove_leftovers(removed.folder, {});
    std::error_code ignored;
    removed.folder_stays = !fs::remove(removed.folder, ignored);  // only when it is empty
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::io,
                concat("cannot remove ", in_quotes(error.path1().native()), ": ", error.code().message()));
  }
  return removed;
}

}  // namespace simile
