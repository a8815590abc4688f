// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "report/results.hpp"
#include "support/image_errors.hpp"
#include "support/temporary_folder.hpp"

#include "simile/core/context.hpp"
#include "simile/report/move.hpp"
#include "simile/report/undo.hpp"

namespace simile::test {

inline void set_modified(const std::filesystem::path& path, std::int64_t seconds, std::int64_t nanoseconds = 0) {
  const timespec times[2]{{seconds, nanoseconds}, {seconds, nanoseconds}};
  EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0) << path;
}

/// Everything below a folder: names, and of files permissions, modification time and bytes.
inline std::map<std::string, std::string> state_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  if (!std::filesystem::exists(folder)) return all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat status{};
    EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
    auto& text = all[entry.path().lexically_relative(folder).native()];
    if (entry.is_symlink()) text = "-> " + std::filesystem::read_symlink(entry.path()).native();
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    text = std::to_string(status.st_mode) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec) + " " + text_of(entry.path());
  }
  return all;
}

/// Photos below in/ (each holding its id, with a time and permissions of its own) and a result folder out/ to which
/// they are to be moved; two trees that may lie on two file systems.
class MovedPhotos {
 public:
  MovedPhotos(const std::filesystem::path& in, const std::filesystem::path& out, const std::vector<std::string>& ids,
              const std::vector<std::int64_t>& labels)
      : maker_(ids, labels), out_(out) {
    maker_.catalogue().root = in;
    maker_.catalogue().has_files = true;
    std::filesystem::create_directories(in);
    std::filesystem::create_directories(out);
    for (std::int64_t item = 0; item < maker_.catalogue().size(); ++item) {
      const auto file = source(item);
      if (std::filesystem::exists(file)) continue;
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file) << maker_.catalogue().ids[static_cast<std::size_t>(item)];
      std::filesystem::permissions(file, item % 2 == 0 ? std::filesystem::perms(0640) : std::filesystem::perms(0444));
      set_modified(file, 1'000'000'000 + item, 123'456'789 - item);
    }
  }
  MovedPhotos(const MovedPhotos&) = delete;
  MovedPhotos& operator=(const MovedPhotos&) = delete;

  std::filesystem::path source(std::int64_t item) const { return maker_.catalogue_path(item); }
  std::filesystem::path in() const { return result().catalogue.root; }
  const std::filesystem::path& out() const { return out_; }

  void see() { seen_ = stamp_files(result().catalogue); }
  void plan() {
    if (seen_.empty()) see();
    plan_ = plan_moves(result(), seen_);
    write_move_plan(out_, plan_);
  }
  std::vector<ItemError> carry_out() const { return move_files(out_, result(), plan_, context()); }
  std::vector<ItemError> move() {
    plan();
    return carry_out();
  }
  UndoSummary undo(bool dry_run = false) const { return undo_moves(out_, dry_run, context()); }

  ClusterResult result() const { return maker_.result(); }
  const MovePlan& planned() const { return plan_; }
  Cancellation& cancellation() { return cancellation_; }

 private:
  Context context() const { return {*pool_, *progress_, cancellation_, 1 << 20, {}}; }

  ResultMaker maker_;
  std::filesystem::path out_;
  std::vector<FileStamp> seen_;
  MovePlan plan_;
  Cancellation cancellation_;
  std::unique_ptr<ThreadPool> pool_ = std::make_unique<ThreadPool>(1);
  std::unique_ptr<Progress> progress_ = make_silent_progress();
};

/// Photos and result side by side in a folder of their own.
class MoveTest : public ::testing::Test {
 protected:
  MovedPhotos photos(const std::vector<std::string>& ids, const std::vector<std::int64_t>& labels) const {
    return MovedPhotos(folder_.path() / "in", folder_.path() / "out", ids, labels);
  }
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
};

inline std::vector<std::string> reasons(const std::vector<ItemError>& errors) {
  std::vector<std::string> all;
  for (const auto& error : errors) all.push_back(std::to_string(error.item) + ": " + error.reason);
  return all;
}

}  // namespace simile::test
