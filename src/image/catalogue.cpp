// SPDX-License-Identifier: Apache-2.0
#include "simile/image/catalogue.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "image/glob.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxListBytes = 8LL << 30;

/// Which folder it is, whatever path leads there.
struct FolderIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FolderIdentity&, const FolderIdentity&) = default;
};

/// A folder on the way down from the root; the chain of parents finds loops.
struct Folder {
  std::string path;  ///< relative to the root with a slash at the end; empty for the root
  FolderIdentity identity;
  std::shared_ptr<const Folder> parent;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

class Lister {
 public:
  Lister(const fs::path& root, const ListingOptions& options, const Cancellation& cancellation)
      : root_(root), cancellation_(cancellation) {
    for (const auto& glob : options.include) include_.emplace_back(glob);
    for (const auto& glob : options.exclude) exclude_.emplace_back(glob);
    std::error_code error;
    canonical_root_ = fs::canonical(root, error);
    if (error) {
      errno = error.value();
      throw_system_error("read the folder", root);
    }
  }

  std::vector<std::string> run() {
    // The root alone must be readable: an empty catalogue would hide the reason.
    if (!Directory(::opendir(root_.c_str()))) throw_system_error("read the folder", root_);
    waiting_.push_back(std::make_shared<Folder>());
    while (!waiting_.empty()) {
      const auto folder = std::move(waiting_.back());
      waiting_.pop_back();
      list(folder);
    }
    std::sort(ids_.begin(), ids_.end());
    return std::move(ids_);
  }

 private:
  enum class Place { file, folder, elsewhere };

  void list(const std::shared_ptr<Folder>& folder) {
    cancellation_.check();
    const Directory directory(::opendir((root_ / folder->path).c_str()));
    struct stat status{};
    if (!directory || ::fstat(::dirfd(directory.get()), &status) != 0) {
      // Kept as an item, so that what lies below is not passed over in silence.
      add(folder->path.substr(0, folder->path.size() - 1), /*must_be_included=*/false);
      return;
    }
    folder->identity = {status.st_dev, status.st_ino};
    for (const auto* above = folder->parent.get(); above != nullptr; above = above->parent.get()) {
      if (above->identity == folder->identity) return;
    }
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr && errno != 0) throw_system_error("read the folder", root_ / folder->path);
      if (entry == nullptr) return;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      switch (place_of(directory.get(), *entry, folder->path)) {
        case Place::file:
          add(concat(folder->path, name), /*must_be_included=*/true);
          break;
        case Place::folder:
          waiting_.push_back(std::make_shared<Folder>(Folder{concat(folder->path, name, '/'), {}, folder}));
          break;
        case Place::elsewhere:
          break;
      }
    }
  }

  /// Asks the file system only where the entry itself does not say: a folder may hold a million files.
  Place place_of(DIR* directory, const dirent& entry, const std::string& folder) {
    unsigned char type = entry.d_type;
    struct stat status{};
    if (type == DT_UNKNOWN && ::fstatat(::dirfd(directory), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISLNK(status.st_mode) ? DT_LNK : DT_REG;
    }
    if (type == DT_DIR) return Place::folder;
    if (type != DT_LNK) return Place::file;

    std::error_code error;
    const auto target = fs::canonical(root_ / concat(folder, entry.d_name), error);
    if (error == std::errc::too_many_symbolic_link_levels) return Place::elsewhere;
    if (error) return Place::file;  // leads nowhere: reading it gives the reason
    const auto [root_end, rest] =
        std::mismatch(canonical_root_.begin(), canonical_root_.end(), target.begin(), target.end());
    if (root_end != canonical_root_.end()) return Place::elsewhere;
    return fs::is_directory(target, error) ? Place::folder : Place::file;
  }

  void add(std::string id, bool must_be_included) {
    const auto matches = [&](const Glob& glob) { return glob.matches(id); };
    if (std::any_of(exclude_.begin(), exclude_.end(), matches)) return;
    if (must_be_included && !include_.empty() && std::none_of(include_.begin(), include_.end(), matches)) return;
    ids_.push_back(std::move(id));
    constexpr std::size_t kFilesBetweenChecks = 1024;
    if (ids_.size() % kFilesBetweenChecks == 0) cancellation_.check();
  }

  fs::path root_;
  fs::path canonical_root_;
  const Cancellation& cancellation_;
  std::vector<Glob> include_;
  std::vector<Glob> exclude_;
  std::vector<std::shared_ptr<Folder>> waiting_;
  std::vector<std::string> ids_;
};

/// Takes `./` and doubled slashes out, so that two spellings are one item. `..` stays: behind a link it may lead
/// anywhere.
std::string plain_path(std::string_view path) {
  std::string plain;
  if (path.starts_with('/')) plain = "/";
  for_each_part(path, '/', [&](std::string_view part) {
    if (part.empty() || part == ".") return;
    if (!plain.empty() && plain.back() != '/') plain += '/';
    plain += part;
  });
  return plain;
}

std::string_view without_carriage_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// True when the first line names a column `path`.
bool has_path_column(std::string_view text) {
  bool found = false;
  for_each_part(without_carriage_return(text.substr(0, text.find('\n'))), ',', [&](std::string_view part) {
    for_each_part(part, ';', [&](std::string_view title) { found |= title == "path" || title == "\"path\""; });
  });
  return found;
}

std::vector<std::string> listed_paths(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<std::string> paths;
  if (has_path_column(text)) {
    auto table = parse_csv(text);
    const auto column = table.column("path");
    for (auto& row : table.rows) paths.push_back(std::move(row[column]));
  } else {
    for_each_part(text, '\n', [&](std::string_view line) { paths.emplace_back(without_carriage_return(line)); });
  }
  return paths;
}

}  // namespace

Catalogue list_folder(const std::filesystem::path& folder, const ListingOptions& options,
                      const Cancellation& cancellation) {
  Catalogue catalogue{.root = folder, .ids = {}, .has_files = true};
  catalogue.ids = Lister(folder, options, cancellation).run();
  return catalogue;
}

Catalogue list_file(const std::filesystem::path& list) {
  const auto text = read_file(list, kMaxListBytes);
  if (text.find('\0') != std::string::npos) {
    throw Error(ErrorCode::decode, concat(in_quotes(list.native()), " is not a list of paths: it holds a zero byte"));
  }
  Catalogue catalogue{.root = list.parent_path(), .ids = {}, .has_files = true};
  std::unordered_set<std::string> seen;
  try {
    for (const auto& path : listed_paths(text)) {
      auto id = plain_path(path);
      if (id.empty()) continue;
      if (!seen.insert(id).second) {
        ++catalogue.repeats;
      } else {
        catalogue.ids.push_back(std::move(id));
      }
    }
  } catch (const Error& error) {
    throw Error(error.code(), concat(in_quotes(list.native()), ": ", error.what()));
  }
  return catalogue;
}

}  // namespace simile
