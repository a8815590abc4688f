// SPDX-License-Identifier: Apache-2.0
#include "simile/report/result_folder.hpp"

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include <fcntl.h>

#include "report/earlier_result.hpp"
#include "report/move_journal.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

fs::path beside(const fs::path& target, std::string_view suffix) {
  return target.parent_path() / concat(".", target.filename().native(), suffix);
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
  if (report::holds_moved_originals(target)) {
    throw Error(ErrorCode::invalid_argument,
                concat("--out ", in_quotes(target.native()),
                       " holds photos that were moved there, and --overwrite would delete them; simile undo ",
                       in_quotes(target.native()), " puts them back first"));
  }
  if (const auto foreign = find_foreign_entry(target)) {
    throw Error(ErrorCode::invalid_argument,
                concat("--out ", in_quotes(target.native()), " holds ", in_quotes(*foreign),
                       ", which is not from simile; --overwrite would delete it"));
  }
  if (!fs::is_empty(target) && !has_own_manifest(target)) {
    throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(target.native()),
                                                    " is not a result of simile: it has no manifest.json of its own"));
  }
}

ResultFolder::ResultFolder(fs::path target, bool overwrite)
    : target_(std::move(target)),
      partial_(beside(target_, ".simile-partial")),
      old_(beside(target_, ".simile-old")),
      overwrite_(overwrite) {
  check_result_target(target_, overwrite);
  lock_.emplace(target_);
  try {
    settle_moved_result();
    check_result_target(target_, overwrite);  // another run may have finished in between
    fs::remove_all(partial_);
    fs::create_directory(partial_);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::io, concat("cannot write ", in_quotes(target_.native()), ": ", error.code().message()));
  }
}

ResultFolder::~ResultFolder() {
  std::error_code ignored;
  fs::remove_all(partial_, ignored);
}

/// A run that was killed while it replaced a result on a file system without exchange left the old one aside.
void ResultFolder::settle_moved_result() {
  if (!fs::exists(fs::symlink_status(old_))) return;
  if (fs::exists(fs::symlink_status(target_))) {
    fs::remove_all(old_);  // its successor is in place
  } else {
    fs::rename(old_, target_);
  }
}

void ResultFolder::commit() {
  check_result_target(target_, overwrite_);  // whatever the user put there during the run must not be lost
  if (!fs::exists(fs::symlink_status(target_))) {
    if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno != EINVAL && errno != ENOSYS) throw_system_error("write", target_);
    if (::rename(partial_.c_str(), target_.c_str()) != 0) throw_system_error("write", target_);
    return;
  }
  // The older result changes places with the new one in one step; the destructor removes it.
  if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) throw_system_error("write", target_);
  // A file system without exchange: settle_moved_result() mends what a kill between these steps leaves.
  if (::rename(target_.c_str(), old_.c_str()) != 0) throw_system_error("replace", target_);
  if (::rename(partial_.c_str(), target_.c_str()) != 0) {
    ::rename(old_.c_str(), target_.c_str());
    throw_system_error("write", target_);
  }
  fs::remove_all(old_);
}

}  // namespace simile
