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
  }

  /// Fills `catalogue.ids`, sorted, and the counts of what was left out.
  void run(Catalogue& catalogue) {
    // The root alone must be readable: an empty catalogue would hide the reason.
    if (!Directory(::opendir(root_.c_str()))) throw_system_error("read the folder", root_);
    waiting_.emplace_back();
    while (!waiting_.empty()) {
      const std::string folder = std::move(waiting_.back());
      waiting_.pop_back();
      list(folder);
    }
    std::sort(ids_.begin(), ids_.end());
    catalogue.ids = std::move(ids_);
    catalogue.links = links_;
    catalogue.earlier_results = earlier_results_;
  }

 private:
  /// `folder` is relative to the root, with a slash at the end; empty for the root.
  void list(const std::string& folder) {
    cancellation_.check();
    const Directory directory(::opendir((root_ / folder).c_str()));
    if (!directory) {
      // Kept as an item, so that what lies below is not passed over in silence.
      add(folder.substr(0, folder.size() - 1), /*must_be_included=*/false);
      return;
    }
    const std::size_t ids_before = ids_.size();
    const std::size_t waiting_before = waiting_.size();
    ResultFiles result_files;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr && errno != 0) throw_system_error("read the folder", root_ / folder);
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const unsigned char type = type_of(directory.get(), *entry);
      if (type == DT_LNK) {
        ++links_;
      } else if (type == DT_DIR) {
        waiting_.push_back(concat(folder, name, '/'));
      } else {
        result_files.count(name);
        add(concat(folder, name), /*must_be_included=*/true);
      }
    }
    if (!result_files.complete() || folder.empty()) return;
    ids_.resize(ids_before);
    waiting_.resize(waiting_before);
    ++earlier_results_;
  }

  // What every result folder of simile holds: such a folder below the input is not part of the photos.
  class ResultFiles {
   public:
    void count(std::string_view name) {
      manifest_ += name == "manifest.json" ? 1 : 0;
      clusters_ += name == "clusters.csv" || name == "report.html" ? 1 : 0;
      threshold_ += name == "threshold.csv" || name == "threshold.html" ? 1 : 0;
    }
    bool complete() const { return manifest_ == 1 && (clusters_ == 2 || threshold_ == 2); }

   private:
    int manifest_ = 0;
    int clusters_ = 0;
    int threshold_ = 0;
  };

  /// Asks the file system only where the entry itself does not say: a folder may hold a million files.
  static unsigned char type_of(DIR* directory, const dirent& entry) {
    struct stat status{};
    if (entry.d_type != DT_UNKNOWN) return entry.d_type;
    if (::fstatat(::dirfd(directory), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return DT_REG;
    return S_ISDIR(status.st_mode) ? DT_DIR : S_ISLNK(status.st_mode) ? DT_LNK : DT_REG;
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
  const Cancellation& cancellation_;
  std::vector<Glob> include_;
  std::vector<Glob> exclude_;
  std::vector<std::string> waiting_;
  std::vector<std::string> ids_;
  std::int64_t links_ = 0;
  std::int64_t earlier_results_ = 0;
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
  Lister(folder, options, cancellation).run(catalogue);
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
