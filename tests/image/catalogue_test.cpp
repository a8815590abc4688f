// SPDX-License-Identifier: Apache-2.0
#include "simile/image/catalogue.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/image_errors.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

using namespace simile::test;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAreArray;

namespace fs = std::filesystem;

std::vector<std::string> ids_below(const fs::path& folder, const ListingOptions& options = {}) {
  return list_folder(folder, options, Cancellation()).ids;
}

TEST(ListFolder, GivesEveryFileInByteWiseOrder) {
  const TemporaryFolder folder;
  for (const auto* name : {"b.jpg", "a/z.jpg", "a.jpg", "a/b/c/d.txt", "B.png", "a-b.jpg", "\xc3\xa9.jpg"}) {
    folder.write(name, "x");
  }
  fs::create_directories(folder.path() / "empty/deeper");
  const auto catalogue = list_folder(folder.path(), {}, Cancellation());
  EXPECT_THAT(catalogue.ids,
              ElementsAre("B.png", "a-b.jpg", "a.jpg", "a/b/c/d.txt", "a/z.jpg", "b.jpg", "\xc3\xa9.jpg"));
  EXPECT_EQ(catalogue.root, folder.path());
  EXPECT_TRUE(catalogue.has_files);
  EXPECT_EQ(catalogue.repeats, 0);
  EXPECT_TRUE(fs::exists(catalogue.file(3)));
}

TEST(ListFolder, KeepsNamesOfAnyBytes) {
  const TemporaryFolder folder;
  const std::vector<std::string> names{"line\nbreak.jpg", "quo\"te'.jpg", "com,ma;.jpg", "\xf0\x9f\x93\xb7.jpg",
                                       "bad\xff\xfe.jpg", "dot.",         " blank ",     std::string(255, 'n')};
  for (const auto& name : names) folder.write(name, "x");
  const auto catalogue = list_folder(folder.path(), {}, Cancellation());
  EXPECT_THAT(catalogue.ids, UnorderedElementsAreArray(names));
  for (std::int64_t item = 0; item < catalogue.size(); ++item) EXPECT_TRUE(fs::exists(catalogue.file(item)));
}

TEST(ListFolder, LeavesSymbolicLinksOutAndCountsThem) {
  const TemporaryFolder outside;
  outside.write("secret.jpg", "x");
  const TemporaryFolder folder;
  folder.write("real/a.jpg", "x");
  fs::create_directory_symlink("real", folder.path() / "inside");
  fs::create_symlink("real/a.jpg", folder.path() / "file.jpg");
  fs::create_directory_symlink(folder.path() / "real", folder.path() / "absolute");
  fs::create_directory_symlink("..", folder.path() / "real/loop");
  fs::create_symlink("itself", folder.path() / "itself");
  fs::create_directory_symlink(outside.path(), folder.path() / "out");
  fs::create_symlink(outside.path() / "secret.jpg", folder.path() / "secret.jpg");
  fs::create_symlink("nowhere", folder.path() / "dangling");
  const auto catalogue = list_folder(folder.path(), {}, Cancellation());
  EXPECT_THAT(catalogue.ids, ElementsAre("real/a.jpg"));
  EXPECT_EQ(catalogue.links, 8);
}

TEST(ListFolder, TakesALinkAsItsRoot) {
  const TemporaryFolder folder;
  folder.write("real/a.jpg", "x");
  folder.write("real/b/c.jpg", "x");
  fs::create_directory_symlink("real", folder.path() / "root");
  EXPECT_THAT(ids_below(folder.path() / "root"), ElementsAre("a.jpg", "b/c.jpg"));
}

TEST(ListFolder, KeepsWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(ids_below(folder.path()), ElementsAre("pipe"));
}

TEST(ListFolder, KeepsFoldersThatCannotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  folder.write("closed/a.jpg", "x");
  fs::permissions(folder.path() / "closed", fs::perms::none);
  EXPECT_THAT(ids_below(folder.path(), {.include = {"*.jpg"}, .exclude = {}}), ElementsAre("closed"));
  fs::permissions(folder.path() / "closed", fs::perms::owner_all);
}

TEST(ListFolder, IncludesAndExcludesByGlob) {
  const TemporaryFolder folder;
  for (const auto* name : {"a.jpg", "a.txt", "trash/b.jpg", "keep/c.jpg", "keep/d.png"}) folder.write(name, "x");
  EXPECT_THAT(ids_below(folder.path(), {.include = {"*.jpg", "keep/**"}, .exclude = {"trash/**"}}),
              ElementsAre("a.jpg", "keep/c.jpg", "keep/d.png"));
}

TEST(ListFolder, RefusesMissingFoldersFilesAndGlobs) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.jpg", "x");
  EXPECT_THAT(error_of([&] { ids_below(folder.path() / "none"); }), IsError(ErrorCode::not_found, "none"));
  EXPECT_THAT(error_of([&] { ids_below(file); }), IsError(ErrorCode::io, "a.jpg"));
  EXPECT_THAT(error_of([&] { ids_below(folder.path(), {.include = {"[x"}, .exclude = {}}); }),
              IsError(ErrorCode::invalid_argument, "[x"));
}

TEST(ListFolder, StopsWhenCancelled) {
  const TemporaryFolder folder;
  Cancellation cancellation;
  cancellation.request();
  EXPECT_THAT(error_of([&] { list_folder(folder.path(), {}, cancellation); }), IsError(ErrorCode::cancelled, ""));
}

TEST(ListFile, KeepsItsOrderAndCountsRepeats) {
  const TemporaryFolder folder;
  const auto list = folder.write("sub/list.txt", "b.jpg\na.jpg\n\n./b.jpg\n/abs/c.jpg\nd//e.jpg\nd/e.jpg\n../f.jpg");
  const auto catalogue = list_file(list);
  EXPECT_THAT(catalogue.ids, ElementsAre("b.jpg", "a.jpg", "/abs/c.jpg", "d/e.jpg", "../f.jpg"));
  EXPECT_EQ(catalogue.repeats, 2);
  EXPECT_EQ(catalogue.root, folder.path() / "sub");
  EXPECT_EQ(catalogue.file(0), folder.path() / "sub/b.jpg");
  EXPECT_EQ(catalogue.file(2), "/abs/c.jpg");
}

TEST(ListFile, ReadsBytesAsTheyAreButNotTheLineEnds) {
  const TemporaryFolder folder;
  EXPECT_THAT(list_file(folder.write("l", "\xef\xbb\xbf a,b\".jpg \r\nbad\xff.jpg\r\n")).ids,
              ElementsAre(" a,b\".jpg ", "bad\xff.jpg"));
  EXPECT_TRUE(list_file(folder.write("empty", "")).ids.empty());
}

TEST(ListFile, ReadsTheColumnPathOfACsv) {
  const TemporaryFolder folder;
  const auto ids = [&](std::string_view text) { return list_file(folder.write("l.csv", text)).ids; };
  EXPECT_THAT(ids("path\na.jpg\n"), ElementsAre("a.jpg"));
  EXPECT_THAT(ids("\xef\xbb\xbflabel,path\r\ncat,\"a\nb,\"\".jpg\"\r\ndog,b.jpg"), ElementsAre("a\nb,\".jpg", "b.jpg"));
  EXPECT_THAT(ids("\"path\";label\nx,y.jpg;1\n"), ElementsAre("x,y.jpg"));
}

TEST(ListFile, RefusesWhatIsNoList) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { list_file(folder.path() / "none.txt"); }), IsError(ErrorCode::not_found, "none.txt"));
  EXPECT_THAT(error_of([&] { list_file(folder.write("photo", encode(".png", photo(4, 4)))); }),
              IsError(ErrorCode::decode, "not a list of paths"));
  EXPECT_THAT(error_of([&] { list_file(folder.write("ragged.csv", "path,label\na.jpg\n")); }),
              IsError(ErrorCode::decode, "ragged.csv"));
}

}  // namespace
}  // namespace simile
