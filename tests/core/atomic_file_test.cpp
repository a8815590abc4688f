// SPDX-License-Identifier: Apache-2.0
#include "simile/core/atomic_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace simile {
namespace {

using test::TemporaryFolder;

constexpr std::int64_t kPlenty = 1LL << 30;

mode_t permissions(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST(AtomicFile, AppearsWholeOnCommit) {
  const TemporaryFolder folder;
  const auto target = folder / "a.csv";
  AtomicFile file(target);
  file.write("path");
  file.write(std::vector<std::uint8_t>{'\n', 0, 255});
  EXPECT_FALSE(std::filesystem::exists(target));
  file.commit();
  EXPECT_EQ(read_file(target, kPlenty), std::string("path\n\0\xff", 7));
  EXPECT_EQ(folder.size(), 1);
}

TEST(AtomicFile, WritesMoreThanItsBuffer) {
  const TemporaryFolder folder;
  std::string expected;
  AtomicFile file(folder / "big");
  for (int k = 0; k < 300; ++k) {
    const std::string part(10007, static_cast<char>('a' + k % 26));
    file.write(part);
    expected += part;
  }
  const std::string large(3 << 20, 'z');
  file.write(large);
  file.write("end");
  file.commit();
  EXPECT_TRUE(read_file(folder / "big", kPlenty) == expected + large + "end");
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "a");
    file.write(std::string(2 << 20, 'x'));
  }
  EXPECT_EQ(folder.size(), 0);
}

TEST(AtomicFile, KeepsTheOldFileUntilCommit) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& text, bool commit) {
    AtomicFile file(folder / "a");
    file.write(text);
    if (commit) file.commit();
  };
  write("old", true);
  write("lost", false);
  EXPECT_EQ(read_file(folder / "a", kPlenty), "old");
  write("new", true);
  EXPECT_EQ(read_file(folder / "a", kPlenty), "new");
}

TEST(AtomicFile, RefusesASecondCommit) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.commit();
  expect_error(ErrorCode::internal, "twice", [&] { file.commit(); });
}

TEST(AtomicFile, FollowsTheUmask) {
  const TemporaryFolder folder;
  for (const mode_t mask : {022U, 077U, 002U}) {
    const mode_t before = ::umask(mask);
    AtomicFile file(folder / "a");
    file.commit();
    ::umask(before);
    EXPECT_EQ(permissions(folder / "a"), 0666U & ~mask);
  }
}

TEST(AtomicFile, NamesAFolderThatDoesNotExist) {
  expect_error(ErrorCode::not_found, "'/no/such/a.csv': No such file", [] { AtomicFile("/no/such/a.csv"); });
}

TEST(AtomicFile, NamesAFolderThatItMayNotWrite) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  // Root may write anywhere; /proc takes files from nobody.
  const auto target = ::geteuid() == 0 ? std::filesystem::path("/proc/self/a.csv") : folder / "a.csv";
  try {
    AtomicFile file(target);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()), testing::HasSubstr("cannot write '" + target.native() + "'"));
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
}

TEST(AtomicFile, LeavesNothingWhenTheTargetIsAFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "a");
  {
    AtomicFile file(folder / "a");
    expect_error(ErrorCode::io, "cannot write", [&] { file.commit(); });
  }
  EXPECT_EQ(folder.size(), 1);
}

TEST(AtomicFile, ReportsAFullDiskAndLeavesNothing) {
  const TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "no right to mount a small disk";
  }
  {
    AtomicFile file(folder / "a");
    file.write(std::string(200 << 10, 'x'));
    expect_error(ErrorCode::io, "No space left", [&] { file.commit(); });
  }
  EXPECT_EQ(folder.size(), 0);
  EXPECT_EQ(::umount(folder.path().c_str()), 0);
}

TEST(ReadFile, RefusesWhatIsTooLargeMissingOrNoFile) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.write("12345");
  file.commit();
  EXPECT_EQ(read_file(folder / "a", 5), "12345");
  expect_error(ErrorCode::invalid_argument, "has 5 B, more than the allowed 4 B", [&] { read_file(folder / "a", 4); });
  expect_error(ErrorCode::not_found, "No such file", [&] { read_file(folder / "b", 5); });
  expect_error(ErrorCode::io, "not a file but", [&] { read_file(folder.path(), 5); });
  // Opening a FIFO without a writer must not wait.
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  expect_error(ErrorCode::io, "not a file but", [&] { read_file(folder / "fifo", 5); });
}

TEST(ReadFile, ReadsAnEmptyFile) {
  const TemporaryFolder folder;
  AtomicFile(folder / "a").commit();
  EXPECT_EQ(read_file(folder / "a", 0), "");
}

}  // namespace
}  // namespace simile
