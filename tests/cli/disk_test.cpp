// SPDX-License-Identifier: Apache-2.0
// Disks that are full or closed.
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "cli/command_line.hpp"
#include "cli/process.hpp"
#include "cli/small_disk.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::Fails;
using test::Process;
using test::simile_run;
using test::SmallDisk;
using test::snapshot;
using ::testing::HasSubstr;

class Disk : public test::Runs {
 protected:
  /// Photos that compress badly: about 40 kB each.
  fs::path large_photos(int count) const {
    for (int k = 0; k < count; ++k) {
      folder_.write("large/" + std::to_string(k) + ".png",
                    test::png_of(noise_image(200, 200, static_cast<std::uint64_t>(k))));
    }
    return path("large");
  }
};

TEST_F(Disk, FullFailsWithTheReasonAndLeavesNothing) {
  const SmallDisk disk(path("disk"), "300k");
  SIMILE_NEEDS(disk);
  const auto input = large_photos(12);
  const auto originals = snapshot(input);
  const auto out = (disk.folder() / "out").native();
  EXPECT_THAT(simile_run({"cluster", input.native(), "--out", out, "--transfer", "copy"}),
              Fails(kExitFailed, "No space left on device"));
  EXPECT_TRUE(fs::is_empty(disk.folder()));
  EXPECT_EQ(snapshot(input), originals);
}

TEST_F(Disk, FullBeforeTheTablesFailsToo) {
  const SmallDisk disk(path("disk"), "8k");
  SIMILE_NEEDS(disk);
  const auto input = photos({3, 2, 1});
  EXPECT_THAT(simile_run({"cluster", input.native(), "--out", (disk.folder() / "out").native()}),
              Fails(kExitFailed, "No space left on device"));
  EXPECT_TRUE(fs::is_empty(disk.folder()));
  EXPECT_THAT(simile_run({"features", input.native(), "--out", (disk.folder() / "f.npy").native()}),
              Fails(kExitFailed, "No space left on device"));
  EXPECT_TRUE(fs::is_empty(disk.folder()));
}

TEST_F(Disk, FullKeepsTheEarlierResult) {
  const SmallDisk disk(path("disk"), "400k");
  SIMILE_NEEDS(disk);
  const auto out = (disk.folder() / "out").native();
  ASSERT_EQ(simile_run({"cluster", photos({2}).native(), "--out", out}).code, kExitDone);
  const auto before = snapshot(disk.folder());
  EXPECT_THAT(simile_run({"cluster", large_photos(12).native(), "--out", out, "--overwrite", "--transfer", "copy"}),
              Fails(kExitFailed, "No space left on device"));
  EXPECT_EQ(snapshot(disk.folder()), before);
}

TEST_F(Disk, ReadOnlyFailsWithTheReason) {
  const SmallDisk disk(path("disk"), "400k");
  SIMILE_NEEDS(disk);
  const auto out = (disk.folder() / "out").native();
  const auto input = photos({2}).native();
  ASSERT_EQ(simile_run({"cluster", input, "--out", out}).code, kExitDone);
  ASSERT_TRUE(disk.make_read_only()) << std::strerror(errno);
  const auto before = snapshot(disk.folder());
  EXPECT_THAT(simile_run({"cluster", input, "--out", out, "--overwrite"}), Fails(kExitFailed, "Read-only file system"));
  EXPECT_THAT(simile_run({"features", input, "--out", (disk.folder() / "f.npy").native()}),
              Fails(kExitFailed, "Read-only file system"));
  EXPECT_EQ(snapshot(disk.folder()), before);
}

TEST_F(Disk, ReadOnlyPhotosAreEnough) {
  const SmallDisk disk(path("disk"), "400k");
  SIMILE_NEEDS(disk);
  fs::copy(photos({2, 1}), disk.folder() / "photos");
  ASSERT_TRUE(disk.make_read_only()) << std::strerror(errno);
  EXPECT_EQ(simile_run({"cluster", (disk.folder() / "photos").native(), "--out", out_.native()}).code, kExitDone);
}

/// Runs of the program as somebody who may not do everything.
class Permissions : public Disk {
 protected:
  void SetUp() override {
    fs::permissions(folder_.path(), fs::perms(0755));  // mkdtemp() closes it to others
  }
  static Process start(const std::vector<std::string>& arguments) {
    return Process(arguments, {.as_nobody = ::geteuid() == 0});
  }
};

TEST_F(Permissions, ToWriteAreMissing) {
  const auto input = photos({2});
  fs::create_directory(path("closed"));
  fs::permissions(path("closed"), fs::perms(0555));
  auto process = start({"cluster", input.native(), "--out", path("closed/out").native()});
  EXPECT_EQ(process.wait(), kExitFailed);
  EXPECT_THAT(process.err(), HasSubstr("Permission denied"));
  EXPECT_THAT(process.err(), HasSubstr("closed/out"));
  EXPECT_TRUE(fs::is_empty(path("closed")));
}

TEST_F(Permissions, ToReadOnePhotoOrFolderAreItsOwnTrouble) {
  const auto input = photos({2});
  folder_.write("photos/secret.png", std::string_view("x"));
  folder_.write("photos/closed/a.png", std::string_view("x"));
  fs::permissions(input / "secret.png", fs::perms(0000));
  fs::permissions(input / "closed", fs::perms(0000));
  fs::create_directory(path("open"));
  fs::permissions(path("open"), fs::perms(0777));
  auto process = start({"cluster", input.native(), "--out", path("open/out").native()});
  EXPECT_EQ(process.wait(), kExitDone) << process.err();
  EXPECT_THAT(process.out(), HasSubstr("1 group of 2 images"));
  EXPECT_THAT(process.out(), HasSubstr("2 unreadable"));
  EXPECT_THAT(test::text_of(path("open/out/unreadable.csv")), HasSubstr("secret.png,cannot be read: Permission"));
  fs::permissions(input / "closed", fs::perms(0755));
}

TEST_F(Permissions, ToReadTheFolderAreMissing) {
  const auto input = photos({2});
  fs::permissions(input, fs::perms(0000));
  fs::create_directory(path("open"));
  fs::permissions(path("open"), fs::perms(0777));
  auto process = start({"cluster", input.native(), "--out", path("open/out").native()});
  EXPECT_EQ(process.wait(), kExitFailed);
  EXPECT_THAT(process.err(), HasSubstr("Permission denied"));
  EXPECT_TRUE(fs::is_empty(path("open")));
  fs::permissions(input, fs::perms(0755));
}

}  // namespace
}  // namespace simile
