// SPDX-License-Identifier: Apache-2.0
#include "simile/report/result_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 8> kOwnNames{"clusters.csv", "similarities.csv",   "unreadable.csv",
                                                    "keep.csv",     "report.html",        "manifest.json",
                                                    "results",      "transfer_errors.csv"};

fs::path beside(const fs::path& target, std::string_view suffix) {
  return target.parent_path() / concat(".", target.filename().native(), suffix);
}

/// Opens and locks the file; a lock on a file that was meanwhile removed by its last owner is none, so look again.
int take_lock(const fs::path& path, const fs::path& target) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0) throw_system_error("write beside", target);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor);
      throw Error(ErrorCode::io, concat("another run is writing to ", in_quotes(target.native())));
    }
    struct stat locked{};
    struct stat present{};
    if (::fstat(descriptor, &locked) == 0 && ::stat(path.c_str(), &present) == 0 && locked.st_ino == present.st_ino &&
        locked.st_dev == present.st_dev) {
      return descriptor;
    }
    ::close(descriptor);
  }
}

}  // namespace

void check_result_target(const fs::path& target, bool overwrite) {
  if (!fs::exists(fs::symlink_status(target))) return;
  if (!overwrite) {
    throw Error(ErrorCode::invalid_argument,
                concat("--out ", in_quotes(target.native()), " exists (--overwrite replaces an earlier result)"));
  }
  if (fs::is_symlink(target) || !fs::is_directory(target)) {
    throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(target.native()), " is not a folder"));
  }
  for (const auto& entry : fs::directory_iterator(target)) {
    const auto name = entry.path().filename().native();
    if (std::find(kOwnNames.begin(), kOwnNames.end(), name) == kOwnNames.end()) {
      throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(target.native()), " holds ", in_quotes(name),
                                                      ", which is not from simile; --overwrite would delete it"));
    }
  }
  if (!fs::is_empty(target) && !fs::exists(target / "manifest.json")) {
    throw Error(ErrorCode::invalid_argument,
                concat("--out ", in_quotes(target.native()), " is not a result of simile: it has no manifest.json"));
  }
}

ResultFolder::ResultFolder(fs::path target, bool overwrite)
    : target_(std::move(target)), partial_(beside(target_, ".simile-partial")), lock_(beside(target_, ".simile-lock")) {
  check_result_target(target_, overwrite);
  lock_descriptor_ = take_lock(lock_, target_);
  try {
    check_result_target(target_, overwrite);  // another run may have finished in between
    fs::remove_all(partial_);
    fs::create_directory(partial_);
  } catch (const fs::filesystem_error& error) {
    ::unlink(lock_.c_str());
    ::close(lock_descriptor_);
    throw Error(ErrorCode::io, concat("cannot write ", in_quotes(target_.native()), ": ", error.code().message()));
  } catch (...) {
    ::unlink(lock_.c_str());
    ::close(lock_descriptor_);
    throw;
  }
}

ResultFolder::~ResultFolder() {
  std::error_code ignored;
  fs::remove_all(partial_, ignored);
  ::unlink(lock_.c_str());
  ::close(lock_descriptor_);
}

void ResultFolder::commit() {
  if (!fs::exists(fs::symlink_status(target_))) {
    if (::rename(partial_.c_str(), target_.c_str()) != 0) throw_system_error("write", target_);
    return;
  }
  // The older result changes places with the new one in one step; the destructor removes it.
  if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) throw_system_error("write", target_);
  const fs::path old = beside(target_, ".simile-old");  // a file system without exchange
  if (::rename(target_.c_str(), old.c_str()) != 0) throw_system_error("replace", target_);
  if (::rename(partial_.c_str(), target_.c_str()) != 0) {
    ::rename(old.c_str(), target_.c_str());
    throw_system_error("write", target_);
  }
  fs::remove_all(old);
}

}  // namespace simile
