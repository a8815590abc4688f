// SPDX-License-Identifier: Apache-2.0
#include "simile/report/result_folder.hpp"

#include "report/results.hpp"
#include "support/image_errors.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::TemporaryFolder;
using test::text_of;
using test::tree;
using Names = std::set<std::string>;

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

constexpr const char* kManifest = "{\"simile\": \"0.1.0\"}\n";

class Folder : public ::testing::Test {
 protected:
  /// What a run without trouble leaves.
  void make_result(const std::string& clusters) const {
    ResultFolder folder(target_, true);
    write_text(folder.path() / "clusters.csv", clusters);
    write_text(folder.path() / "manifest.json", kManifest);
    folder.commit();
  }

  TemporaryFolder temporary_;
  fs::path target_ = temporary_.path() / "out";
};

TEST_F(Folder, AppearsWholeAtCommitAndLeavesNothingBeside) {
  {
    ResultFolder folder(target_, false);
    write_text(folder.path() / "clusters.csv", "new");
    EXPECT_FALSE(fs::exists(target_));
    folder.commit();
    EXPECT_EQ(text_of(target_ / "clusters.csv"), "new");
  }
  EXPECT_EQ(tree(temporary_.path()), (Names{"out/", "out/clusters.csv"}));
}

TEST_F(Folder, LeavesNothingWhenAbandoned) {
  {
    const ResultFolder folder(target_, false);
    write_text(folder.path() / "results/cluster_0/a.jpg", "x");
  }
  EXPECT_EQ(tree(temporary_.path()), Names{});
}

TEST_F(Folder, IsBuiltOnTheSameFileSystemUnderAHiddenName) {
  const ResultFolder folder(target_, false);
  EXPECT_EQ(folder.path().parent_path(), target_.parent_path());
  EXPECT_EQ(folder.path().filename().native().front(), '.');
  EXPECT_EQ(folder.target(), target_);
}

TEST_F(Folder, IsRefusedWhereSomethingExists) {
  fs::create_directory(target_);
  EXPECT_THAT(error_of([&] { ResultFolder(target_, false); }),
              IsError(ErrorCode::invalid_argument, "exists (--overwrite"));
  EXPECT_EQ(tree(temporary_.path()), Names{"out/"});
}

TEST_F(Folder, IsRefusedWhereASymbolicLinkOrAFileStands) {
  write_text(temporary_.path() / "elsewhere/photo.jpg", "mine");
  fs::create_directory_symlink(temporary_.path() / "elsewhere", target_);
  EXPECT_THAT(error_of([&] { ResultFolder(target_, false); }), IsError(ErrorCode::invalid_argument, "exists"));
  EXPECT_THAT(error_of([&] { ResultFolder(target_, true); }), IsError(ErrorCode::invalid_argument, "not a folder"));
  fs::remove(target_);
  fs::create_symlink("nowhere", target_);
  EXPECT_THAT(error_of([&] { ResultFolder(target_, false); }), IsError(ErrorCode::invalid_argument, "exists"));
  fs::remove(target_);
  write_text(target_, "mine");
  EXPECT_THAT(error_of([&] { ResultFolder(target_, true); }), IsError(ErrorCode::invalid_argument, "not a folder"));
  EXPECT_EQ(text_of(target_), "mine");
  EXPECT_EQ(text_of(temporary_.path() / "elsewhere/photo.jpg"), "mine");
}

TEST_F(Folder, ReplacesAnEarlierResultAtCommitOnly) {
  make_result("old");
  {
    ResultFolder folder(target_, true);
    write_text(folder.path() / "manifest.json", kManifest);
    write_text(folder.path() / "keep.csv", "new");
    EXPECT_EQ(text_of(target_ / "clusters.csv"), "old");
    folder.commit();
  }
  EXPECT_EQ(tree(temporary_.path()), (Names{"out/", "out/keep.csv", "out/manifest.json"}));
}

TEST_F(Folder, KeepsAnEarlierResultWhenAbandoned) {
  make_result("old");
  {
    const ResultFolder folder(target_, true);
    write_text(folder.path() / "clusters.csv", "new");
  }
  EXPECT_EQ(text_of(target_ / "clusters.csv"), "old");
}

TEST_F(Folder, TakesThePlaceOfAnEmptyFolder) {
  fs::create_directory(target_);
  make_result("new");
  EXPECT_EQ(text_of(target_ / "clusters.csv"), "new");
}

struct Foreign {
  const char* name;
  const char* path;
  const char* text;
};
void PrintTo(const Foreign& value, std::ostream* out) { *out << value.path; }
class ForeignFile : public Folder, public ::testing::WithParamInterface<Foreign> {};

// What --overwrite would delete must all be simile's.
TEST_P(ForeignFile, InTheTargetIsNeverLost) {
  make_result("path,cluster,representative,similarity_to_representative\na.jpg,0,a.jpg,1\nb/c.jpg,-1,b/c.jpg,1\n");
  write_text(target_ / "results/cluster_0/a.jpg", "copy");
  write_text(target_ / "results/outliers/b/c.jpg", "copy");
  write_text(target_ / GetParam().path, GetParam().text);
  const auto before = tree(temporary_.path());
  EXPECT_THAT(error_of([&] { ResultFolder(target_, true); }), IsError(ErrorCode::invalid_argument, "not"));
  EXPECT_EQ(tree(temporary_.path()), before);
  EXPECT_EQ(text_of(target_ / GetParam().path), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(Each, ForeignFile,
                         ::testing::Values(Foreign{"FileOfAnotherName", "holiday.jpg", "mine"},
                                           Foreign{"HiddenFile", ".notes", "mine"},
                                           Foreign{"FolderOfAnotherName", "photos/a.jpg", "mine"},
                                           Foreign{"FileAmongTransferredOnes", "results/cluster_0/mine.jpg", "mine"},
                                           Foreign{"FileInAGroupOfItsOwn", "results/best/mine.jpg", "mine"},
                                           Foreign{"FileInResults", "results/notes.txt", "mine"},
                                           Foreign{"ManifestOfAWebPage", "manifest.json", "{\"name\": \"my site\"}"},
                                           Foreign{"ManifestThatIsNoJson", "manifest.json", "cargo"}),
                         [](const auto& test) { return test.param.name; });

TEST_F(Folder, ReplacesAResultWithItsTransferredFiles) {
  make_result("path,cluster,representative,similarity_to_representative\na.jpg,0,a.jpg,1\n../c.jpg,-1,../c.jpg,1\n");
  write_text(target_ / "results/cluster_0/a.jpg", "copy");
  write_text(target_ / "results/outliers/_up/c.jpg", "copy");
  make_result("new");
  EXPECT_EQ(tree(target_), (Names{"clusters.csv", "manifest.json"}));
}

TEST_F(Folder, IsRefusedWhereAFolderIsNoResult) {
  write_text(target_ / "report.html", "mine");
  EXPECT_THAT(error_of([&] { ResultFolder(target_, true); }),
              IsError(ErrorCode::invalid_argument, "it has no manifest.json"));
  EXPECT_EQ(text_of(target_ / "report.html"), "mine");
}

TEST_F(Folder, DoesNotReplaceWhatAppearedDuringTheRun) {
  for (const bool overwrite : {false, true}) {
    ResultFolder folder(target_, overwrite);
    write_text(folder.path() / "clusters.csv", "new");
    write_text(target_ / "holiday.jpg", "mine");
    EXPECT_THAT(error_of([&] { folder.commit(); }), IsError(ErrorCode::invalid_argument, "--out"));
    EXPECT_EQ(tree(target_), Names{"holiday.jpg"});
    fs::remove_all(target_);
  }
}

TEST_F(Folder, DoesNotReplaceAnEmptyFolderThatAppearedDuringARunWithoutOverwrite) {
  ResultFolder folder(target_, false);
  fs::create_directory(target_);
  EXPECT_THAT(error_of([&] { folder.commit(); }), IsError(ErrorCode::invalid_argument, "exists"));
}

TEST_F(Folder, RefusesASecondRunUntilTheFirstIsOver) {
  {
    const ResultFolder first(target_, false);
    write_text(first.path() / "clusters.csv", "first");
    EXPECT_THAT(error_of([&] { ResultFolder(target_, false); }),
                IsError(ErrorCode::io, "another run is writing to '" + target_.native() + "'"));
    EXPECT_EQ(text_of(first.path() / "clusters.csv"), "first");  // the refused run took nothing away
    EXPECT_THAT(error_of([&] { ResultFolder(target_, false); }), IsError(ErrorCode::io, "another run"));
  }
  EXPECT_FALSE(error_of([&] { ResultFolder(target_, false); }));
}

TEST_F(Folder, OfAnotherNameIsNotLocked) {
  const ResultFolder first(target_, false);
  EXPECT_FALSE(error_of([&] { ResultFolder(temporary_.path() / "out2", false); }));
}

TEST_F(Folder, ClearsWhatAKilledRunLeft) {
  write_text(temporary_.path() / ".out.simile-partial/results/cluster_0/a.jpg", "half");
  write_text(temporary_.path() / ".out.simile-lock", "");
  {
    ResultFolder folder(target_, false);
    EXPECT_TRUE(fs::is_empty(folder.path()));
    folder.commit();
  }
  EXPECT_EQ(tree(temporary_.path()), Names{"out/"});
}

// Where the file system cannot exchange two folders, a run that is killed between two renames leaves the result here.
TEST_F(Folder, PutsBackAResultThatAKilledRunHadMovedAside) {
  write_text(temporary_.path() / ".out.simile-old/clusters.csv", "old");
  write_text(temporary_.path() / ".out.simile-old/manifest.json", kManifest);
  EXPECT_THAT(error_of([&] { ResultFolder(target_, false); }), IsError(ErrorCode::invalid_argument, "exists"));
  EXPECT_EQ(tree(temporary_.path()), (Names{"out/", "out/clusters.csv", "out/manifest.json"}));
}

TEST_F(Folder, DoesNotFollowALinkInPlaceOfItsLockOrPartialFolder) {
  write_text(temporary_.path() / "elsewhere/photo.jpg", "mine");
  fs::create_directory_symlink(temporary_.path() / "elsewhere", temporary_.path() / ".out.simile-partial");
  make_result("new");
  EXPECT_EQ(text_of(temporary_.path() / "elsewhere/photo.jpg"), "mine");
  fs::create_symlink(temporary_.path() / "elsewhere/photo.jpg", temporary_.path() / ".out.simile-lock");
  EXPECT_THAT(error_of([&] { ResultFolder(target_, true); }), IsError(ErrorCode::io, "cannot write beside"));
  EXPECT_EQ(text_of(temporary_.path() / "elsewhere/photo.jpg"), "mine");
}

TEST_F(Folder, NamesTheTargetWhenItsParentIsMissing) {
  EXPECT_THAT(error_of([&] { ResultFolder(temporary_.path() / "no/out", false); }),
              IsError(ErrorCode::not_found, "no/out"));
  EXPECT_EQ(tree(temporary_.path()), Names{});
}

TEST_F(Folder, TakesNamesOfAnyBytes) {
  for (const std::string name : {"a \"b\", c", "new\nline", "\xff\xfe", "...", "-rf", "\xF0\x9F\x90\xB1"}) {
    ResultFolder folder(temporary_.path() / name, false);
    folder.commit();
    EXPECT_TRUE(fs::is_directory(temporary_.path() / name)) << name;
  }
}

TEST(ResultFolderNames, OfAnotherKindAreNotSimiles) {
  const test::TemporaryFolder folder;
  folder.write("out/manifest.json", std::string_view("{\"simile\": \"0.1.0\"}"));
  folder.write("out/transfer_errors.csv/mine.txt", std::string_view("mine"));
  EXPECT_THROW(ResultFolder(folder / "out", true), Error);
  EXPECT_TRUE(std::filesystem::exists((folder / "out") / "transfer_errors.csv/mine.txt"));
}

}  // namespace
}  // namespace simile
