// SPDX-License-Identifier: Apache-2.0
#include "simile/report/move.hpp"

#include <algorithm>

#include "report/move_file.hpp"
#include "report/moves.hpp"

#include "simile/core/csv.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/result_folder.hpp"

namespace simile::report {

void PrintTo(Carry carry, std::ostream* out) { *out << (carry == Carry::rename ? "by name" : "by copy"); }

}  // namespace simile::report

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::reasons;
using test::state_of;
using test::text_of;
using test::tree;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Names = std::set<std::string>;

class Move : public test::MoveTest {};

TEST_F(Move, TakesEveryPhotoToAFolderPerGroupWithItsTimeAndPermissions) {
  auto moved = photos({"a/1.jpg", "b/1.jpg", "c.jpg"}, {0, 0, 2});
  const auto before = state_of(moved.in());
  EXPECT_TRUE(moved.move().empty());
  const auto after = state_of(moved.out() / "results");
  EXPECT_EQ(after.at("cluster_0/a/1.jpg"), before.at("a/1.jpg"));
  EXPECT_EQ(after.at("cluster_0/b/1.jpg"), before.at("b/1.jpg"));
  EXPECT_EQ(after.at("outliers/c.jpg"), before.at("c.jpg"));
  EXPECT_EQ(tree(moved.in()), (Names{"a/", "b/"}));  // folders stay: they may mean something
  EXPECT_FALSE(fs::exists(moved.out() / "transfer_errors.csv"));
}

TEST_F(Move, WritesThePlanBeforeAnythingIsMoved) {
  auto moved = photos({"a b,c.jpg", "d.jpg"}, {0, 0});
  const auto before = state_of(moved.in());
  moved.plan();
  EXPECT_EQ(state_of(moved.in()), before);
  const auto table = read_csv(moved.out() / "moves.csv");
  EXPECT_THAT(table.header, ElementsAre("source", "destination", "bytes", "modified_ns"));
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_THAT(table.rows[0],
              ElementsAre(moved.source(0).native(), "results/cluster_0/a b,c.jpg", "9", "1000000000123456789"));
  EXPECT_THAT(text_of(moved.out() / "moves.journal"), ::testing::MatchesRegex("simile moves 1 [0-9a-f]{16}\n"));
  EXPECT_FALSE(fs::exists(moved.out() / "results"));
}

TEST_F(Move, NamesAbsoluteSourcesWhateverTheCurrentFolder) {
  const auto before = fs::current_path();
  fs::current_path(folder_.path());
  test::MovedPhotos moved("in", path("out"), {"a.jpg", "b.jpg"}, {0, 0});
  moved.plan();
  fs::current_path(before);
  EXPECT_EQ(read_csv(path("out/moves.csv")).rows[0][0], path("in/a.jpg").native());
}

TEST_F(Move, LeavesWhatChangedOrWentSinceItWasListed) {
  auto moved = photos({"changed.jpg", "gone.jpg", "touched.jpg", "replaced.jpg", "same.jpg"}, {0, 0, 0, 0, 0});
  moved.see();
  fs::permissions(moved.source(0), fs::perms(0644));
  std::ofstream(moved.source(0), std::ios::app) << "more";
  fs::remove(moved.source(1));
  test::set_modified(moved.source(2), 5);
  fs::rename(moved.source(3), path("aside"));
  fs::copy_file(path("aside"), moved.source(3));
  test::set_modified(moved.source(3), 1'000'000'003, 123'456'786);
  EXPECT_THAT(reasons(moved.move()),
              ElementsAre("0: has changed since it was listed", "1: No such file or directory",
                          "2: has changed since it was listed", "3: has changed since it was listed"));
  EXPECT_EQ(tree(moved.in()), (Names{"changed.jpg", "touched.jpg", "replaced.jpg"}));
  EXPECT_EQ(tree(moved.out() / "results"), (Names{"cluster_0/", "cluster_0/same.jpg"}));
  EXPECT_THAT(text_of(moved.out() / "transfer_errors.csv"),
              HasSubstr("changed.jpg,has changed since it was listed\ngone.jpg,No such file"));
}

TEST_F(Move, LeavesWhatChangedOrWentAfterThePlan) {
  auto moved = photos({"changed.jpg", "gone.jpg", "same.jpg"}, {0, 0, 0});
  moved.plan();
  test::set_modified(moved.source(0), 5);
  fs::remove(moved.source(1));
  EXPECT_THAT(reasons(moved.carry_out()),
              ElementsAre("0: has changed since it was listed", "1: No such file or directory"));
  EXPECT_EQ(tree(moved.out() / "results"), (Names{"cluster_0/", "cluster_0/same.jpg"}));
}

TEST_F(Move, LeavesSymbolicLinks) {
  fs::create_directories(path("in"));
  std::ofstream(path("photo.jpg")) << "mine";
  fs::create_symlink("../photo.jpg", path("in/link.jpg"));
  auto moved = photos({"link.jpg", "b.jpg"}, {0, 0});
  EXPECT_THAT(reasons(moved.move()), ElementsAre("0: is a symbolic link and stays where it is"));
  EXPECT_TRUE(fs::is_symlink(path("in/link.jpg")));
  EXPECT_EQ(text_of(path("photo.jpg")), "mine");
}

// A list may name one file by several ways: the first takes it.
TEST_F(Move, MovesAFileThatIsNamedTwiceOnce) {
  fs::create_directories(path("in/a"));
  fs::create_directory_symlink("a", path("in/b"));
  auto moved = photos({"a/1.jpg", "b/1.jpg", "a/../a/1.jpg"}, {0, 0, 0});
  EXPECT_THAT(reasons(moved.move()),
              ElementsAre("1: is the same file as 'a/1.jpg'", "2: is the same file as 'a/1.jpg'"));
  EXPECT_EQ(text_of(moved.out() / "results/cluster_0/a/1.jpg"), "a/1.jpg");
  moved.undo();
  EXPECT_EQ(text_of(path("in/a/1.jpg")), "a/1.jpg");
}

TEST_F(Move, MovesBothNamesOfOneFile) {
  fs::create_directories(path("in"));
  std::ofstream(path("in/a.jpg")) << "mine";
  fs::create_hard_link(path("in/a.jpg"), path("in/b.jpg"));
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  const auto before = state_of(moved.in());
  EXPECT_TRUE(moved.move().empty());
  EXPECT_TRUE(fs::is_empty(moved.in()));
  EXPECT_TRUE(fs::equivalent(moved.out() / "results/cluster_0/a.jpg", moved.out() / "results/cluster_0/b.jpg"));
  moved.undo();
  EXPECT_EQ(state_of(moved.in()), before);
}

TEST_F(Move, NeverTakesOnePlaceTwice) {
  auto moved = photos({"../a.jpg", "_up/a.jpg", "b.jpg"}, {0, 0, 0});
  EXPECT_THAT(reasons(moved.move()), ElementsAre("1: would take the place of '../a.jpg'"));
  EXPECT_EQ(text_of(moved.out() / "results/cluster_0/_up/a.jpg"), "../a.jpg");
  EXPECT_EQ(text_of(moved.source(1)), "_up/a.jpg");
}

TEST_F(Move, NeverOverwritesWhatAppearedInTheResult) {
  auto moved = photos({"a.jpg", "b/c.jpg", "d.jpg"}, {0, 0, 0});
  moved.plan();
  fs::create_directories(moved.out() / "results/cluster_0");
  std::ofstream(moved.out() / "results/cluster_0/a.jpg") << "mine";
  std::ofstream(moved.out() / "results/cluster_0/b") << "a file where a folder should be";
  EXPECT_THAT(reasons(moved.carry_out()), ElementsAre("0: File exists", "1: Not a directory"));
  EXPECT_EQ(text_of(moved.out() / "results/cluster_0/a.jpg"), "mine");
  EXPECT_EQ(text_of(moved.source(0)), "a.jpg");
  EXPECT_EQ(text_of(moved.source(1)), "b/c.jpg");
}

TEST_F(Move, TakesNamesOfAnyBytesAndStaysInsideItsFolder) {
  const std::vector<std::string> ids{"a,\"b\".jpg",    "new\nline.jpg", "\xff.jpg",     std::string(251, 'x') + ".jpg",
                                     "../outside.jpg", "=cmd",          "sp ace/ .jpg "};
  auto moved = photos(ids, std::vector<std::int64_t>(ids.size(), 0));
  const auto before = state_of(folder_.path());
  EXPECT_TRUE(moved.move().empty());
  for (const auto& id : ids) {
    const auto name = id.starts_with("..") ? "_up" + id.substr(2) : id;
    EXPECT_EQ(text_of(moved.out() / "results/cluster_0" / name), id);
  }
  moved.undo();
  auto after = state_of(folder_.path());
  after.erase("out/moves.csv");
  after.erase("out/moves.journal");
  EXPECT_EQ(after, before);
}

TEST_F(Move, SaysHowToTakeItBackWhenItIsInterrupted) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.plan();
  moved.cancellation().request();
  EXPECT_THAT(error_of([&] { moved.carry_out(); }), IsError(ErrorCode::cancelled, "interrupted"));
  EXPECT_EQ(tree(moved.in()), (Names{"a.jpg", "b.jpg"}));
}

TEST_F(Move, ReportsWhereThePhotosAre) {
  fs::create_directories(path("in"));
  auto moved = photos({"a b.jpg", "c.jpg", "d.jpg"}, {0, 0, 2});
  moved.see();
  fs::remove(moved.source(1));
  const auto errors = moved.move();
  const auto result = moved.result();
  ReportModel model = make_report_model(result);
  show_where_photos_are(model, moved.out(), result, moved.planned(), errors);
  EXPECT_EQ(model.link_prefix, "./");
  EXPECT_THAT(model.ids, ElementsAre("results/cluster_0/a b.jpg", "../in/c.jpg", "results/outliers/d.jpg"));
  EXPECT_THAT(html_report(model), HasSubstr("href=\"./results/cluster_0/a%20b.jpg\""));
}

class Replacing : public Move {
 protected:
  /// A result folder to which photos were moved, complete enough to be replaced.
  std::unique_ptr<test::MovedPhotos> result() {
    auto moved = std::make_unique<test::MovedPhotos>(
        path("in"), path("out"), std::vector<std::string>{"a.jpg", "b.jpg"}, std::vector<std::int64_t>{0, 1});
    moved->move();
    std::ofstream(path("out/manifest.json")) << "{\"simile\": \"0.1.0\", \"sha256\": {\"moves.csv\": \"0\"}}";
    std::ofstream(path("out/clusters.csv")) << "path,cluster\na.jpg,-1\nb.jpg,-1\n";
    return moved;
  }
  void expect_refused() {
    const auto before = state_of(folder_.path());
    EXPECT_THAT(error_of([&] { ResultFolder(path("out"), true); }),
                IsError(ErrorCode::invalid_argument,
                        "holds photos that were moved there, and --overwrite would delete "
                        "them; simile undo '" +
                            path("out").native() + "'"));
    EXPECT_EQ(state_of(folder_.path()), before);
  }
};

TEST_F(Replacing, IsRefusedWhilePhotosAreThere) {
  const auto moved = result();
  expect_refused();
  fs::remove(path("out/results/outliers/a.jpg"));
  expect_refused();
  moved->undo();
  EXPECT_FALSE(error_of([&] { ResultFolder(path("out"), true); }));
}

TEST_F(Replacing, IsRefusedWhenThePlanIsDamagedOrGone) {
  const auto moved = result();
  std::ofstream(path("out/moves.csv"), std::ios::app) << "torn";
  expect_refused();
  fs::remove(path("out/moves.csv"));
  expect_refused();
  fs::remove(path("out/moves.journal"));
  expect_refused();
}

TEST_F(Replacing, IsRefusedAtTheEndOfARunWhenPhotosCameMeanwhile) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 1});
  std::ofstream(path("out/manifest.json")) << "{\"simile\": \"0.1.0\"}";
  std::ofstream(path("out/clusters.csv")) << "path,cluster\na.jpg,-1\nb.jpg,-1\n";
  ResultFolder folder(path("out"), true);
  moved.move();
  EXPECT_THAT(error_of([&] { folder.commit(); }), IsError(ErrorCode::invalid_argument, "simile undo"));
  EXPECT_EQ(text_of(path("out/results/outliers/a.jpg")), "a.jpg");
}

class MoveFile : public Move, public ::testing::WithParamInterface<report::Carry> {
 protected:
  void move(const fs::path& from, const fs::path& to) {
    report::move_file(from, to, path("temporary"), GetParam(), cancellation_);
  }
  Cancellation cancellation_;
};
INSTANTIATE_TEST_SUITE_P(Each, MoveFile, ::testing::Values(report::Carry::rename, report::Carry::copy),
                         [](const auto& test) { return test.param == report::Carry::rename ? "ByName" : "ByCopy"; });

TEST_P(MoveFile, KeepsBytesTimePermissionsAndAttributes) {
  const std::string bytes(3'000'001, 'x');
  const auto from = folder_.write("a", bytes + "end");
  const bool attributes = ::setxattr(from.c_str(), "user.tag", "red", 3, 0) == 0;
  fs::permissions(from, fs::perms(0604));
  test::set_modified(from, 77, 5);
  const auto before = state_of(folder_.path()).at("a");
  move(from, path("b"));
  EXPECT_EQ(tree(folder_.path()), (Names{"b"}));
  EXPECT_EQ(state_of(folder_.path()).at("b"), before);
  char value[8]{};
  if (attributes) {
    EXPECT_EQ(::getxattr(path("b").c_str(), "user.tag", value, sizeof value), 3);
    EXPECT_EQ(std::string(value), "red");
  }
}

TEST_P(MoveFile, NeverOverwrites) {
  const auto from = folder_.write("a", std::string_view("mine"));
  const auto to = folder_.write("b", std::string_view("yours"));
  fs::create_symlink("nowhere", path("dangling"));
  const auto before = state_of(folder_.path());
  EXPECT_THROW(move(from, to), fs::filesystem_error);
  EXPECT_THROW(move(from, path("dangling")), fs::filesystem_error);
  EXPECT_THROW(move(from, path("no/b")), fs::filesystem_error);
  EXPECT_EQ(state_of(folder_.path()), before);
}

TEST_P(MoveFile, TakesTheNameOfWhatACrashLeft) {
  const auto from = folder_.write("a", std::string_view("mine"));
  folder_.write("temporary", std::string_view("half"));
  if (GetParam() == report::Carry::rename) fs::remove(path("temporary"));
  move(from, path("b"));
  EXPECT_EQ(tree(folder_.path()), (Names{"b"}));
}

TEST_F(Move, ByCopyLeavesLinksFoldersAndWhatIsNotThere) {
  const Cancellation cancellation;
  fs::create_directory(path("folder"));
  fs::create_symlink("folder", path("link"));
  for (const auto* name : {"folder", "link", "nothing"}) {
    EXPECT_ANY_THROW(report::move_file(path(name), path("b"), path("temporary"), report::Carry::copy, cancellation));
    EXPECT_EQ(tree(folder_.path()), (Names{"folder/", "link"}));
  }
}

TEST_F(Move, ByCopyStopsWhenAskedAndLeavesNothing) {
  Cancellation cancellation;
  cancellation.request();
  const auto from = folder_.write("a", std::string_view("mine"));
  EXPECT_THAT(
      error_of([&] { report::move_file(from, path("b"), path("temporary"), report::Carry::copy, cancellation); }),
      IsError(ErrorCode::cancelled, "interrupted"));
  EXPECT_EQ(tree(folder_.path()), Names{"a"});
}

}  // namespace
}  // namespace simile
