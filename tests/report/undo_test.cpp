// SPDX-License-Identifier: Apache-2.0
#include "simile/report/undo.hpp"

#include <sys/file.h>

#include "report/moves.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::set_modified;
using test::state_of;
using test::text_of;
using test::tree;
using Names = std::set<std::string>;

class UndoMoves : public test::MoveTest {
 protected:
  static std::vector<std::string> outcomes(const UndoSummary& summary) {
    static constexpr const char* kNames[]{"at its place", "put back", "copy removed", "gone", "refused"};
    std::vector<std::string> all;
    for (const auto& file : summary.files) {
      all.push_back(kNames[static_cast<int>(file.outcome)] + (file.reason.empty() ? "" : ": " + file.reason));
    }
    return all;
  }
  fs::path result(const std::string& name) const { return path("out/results/cluster_0") / name; }
};
using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST_F(UndoMoves, PutsEverythingBackAndMayBeRepeated) {
  auto moved = photos({"a/1.jpg", "b/1.jpg", "c.jpg"}, {0, 0, 2});
  const auto before = state_of(moved.in());
  moved.move();
  EXPECT_EQ(moved.undo().count(UndoOutcome::put_back), 3);
  EXPECT_EQ(state_of(moved.in()), before);
  EXPECT_EQ(tree(moved.out()), (Names{"moves.csv", "moves.journal"}));
  EXPECT_EQ(moved.undo().count(UndoOutcome::at_its_place), 3);
  EXPECT_EQ(state_of(moved.in()), before);
}

TEST_F(UndoMoves, WorksWhereTheResultFolderWasMovedAndTheEmptyFoldersRemoved) {
  auto moved = photos({"a/1.jpg", "b.jpg"}, {0, 0});
  const auto before = state_of(moved.in());
  moved.move();
  fs::remove_all(moved.in());
  fs::rename(moved.out(), path("elsewhere"));
  ThreadPool pool(1);
  const auto progress = make_silent_progress();
  const Cancellation cancellation;
  undo_moves(path("elsewhere"), false, {pool, *progress, cancellation, 1 << 20, {}});
  EXPECT_EQ(state_of(moved.in()), before);
}

TEST_F(UndoMoves, OnlySaysWhatItWouldDoInADryRun) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  fs::remove(path("out/moves.journal"));
  const auto before = state_of(folder_.path());
  const auto summary = moved.undo(/*dry_run=*/true);
  EXPECT_EQ(summary.count(UndoOutcome::put_back), 2);
  EXPECT_EQ(summary.files[0].source, moved.source(0));
  EXPECT_EQ(summary.files[0].destination, result("a.jpg"));
  EXPECT_EQ(state_of(folder_.path()), before);
}

TEST_F(UndoMoves, NeverOverwritesWhatNowStandsAtThePlace) {
  auto moved = photos({"a.jpg", "b.jpg", "c.jpg", "d.jpg"}, {0, 0, 0, 0});
  moved.move();
  std::ofstream(moved.source(0)) << "new";
  fs::create_symlink("nowhere", moved.source(1));
  fs::create_directory(moved.source(2));
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre("refused: another file stands at '" + moved.source(0).native() + "'",
                                                  StartsWith("refused: another file stands at"),
                                                  StartsWith("refused: another file stands at"), "put back"));
  EXPECT_EQ(text_of(moved.source(0)), "new");
  EXPECT_EQ(tree(path("out/results")), (Names{"cluster_0/", "cluster_0/a.jpg", "cluster_0/b.jpg", "cluster_0/c.jpg"}));
  fs::remove(moved.source(0));
  EXPECT_THAT(moved.undo().files[0].outcome, UndoOutcome::put_back);
  EXPECT_EQ(text_of(moved.source(0)), "a.jpg");
}

// The same bytes at the place, but not the same file: somebody's copy. Both stay.
TEST_F(UndoMoves, LeavesACopyThatSomebodyMade) {
  auto moved = photos({"a.jpg"}, {0});
  moved.move();
  fs::copy_file(path("out/results/outliers/a.jpg"), moved.source(0));
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre(StartsWith("refused: another file")));
  EXPECT_TRUE(fs::exists(path("out/results/outliers/a.jpg")));
  std::ofstream(moved.source(0)) << "A.JPG";  // as long, as old, and still another
  set_modified(moved.source(0), 1'000'000'000, 123'456'789);
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre(StartsWith("refused: another file")));
  EXPECT_EQ(text_of(path("out/results/outliers/a.jpg")), "a.jpg");
}

TEST_F(UndoMoves, ToleratesWhatSomebodyTookAway) {
  auto moved = photos({"renamed.jpg", "back.jpg", "replaced.jpg", "d.jpg"}, {0, 0, 0, 0});
  moved.move();
  fs::rename(result("renamed.jpg"), path("mine.jpg"));
  fs::rename(result("back.jpg"), moved.source(1));
  fs::remove(result("replaced.jpg"));
  std::ofstream(moved.source(2)) << "new";
  EXPECT_THAT(outcomes(moved.undo()),
              ElementsAre("gone: is neither in the result folder nor at its place", "at its place",
                          "gone: is not in the result folder any more; at its place stands another file", "put back"));
  EXPECT_EQ(text_of(moved.source(2)), "new");
  EXPECT_EQ(text_of(path("mine.jpg")), "renamed.jpg");
}

TEST_F(UndoMoves, PutsBackAPhotoThatWasEditedMeanwhile) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  fs::permissions(result("a.jpg"), fs::perms(0644));
  std::ofstream(result("a.jpg")) << "edited";
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre("put back", "put back"));
  EXPECT_EQ(text_of(moved.source(0)), "edited");
}

TEST_F(UndoMoves, LeavesFilesThatSomebodyPutIntoTheResult) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  std::ofstream(result("mine.jpg")) << "mine";
  moved.undo();
  EXPECT_EQ(tree(path("out/results")), (Names{"cluster_0/", "cluster_0/mine.jpg"}));
  // Names that photos had, after the photos went back.
  std::ofstream(result("a.jpg")) << "mine";
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre("at its place", "at its place"));
  fs::remove(moved.source(0));
  EXPECT_THAT(outcomes(moved.undo())[0], StartsWith("gone: was not moved and is not at its place"));
  EXPECT_EQ(text_of(result("a.jpg")), "mine");
}

// The last line of a journal may not have reached the disk before a crash; the file tells.
TEST_F(UndoMoves, WorksWithoutTheJournal) {
  for (const bool torn : {false, true}) {
    auto moved = photos({"a.jpg", "b.jpg", "c.jpg"}, {0, 0, 2});
    const auto before = state_of(moved.in());
    moved.move();
    if (torn) {
      fs::resize_file(path("out/moves.journal"), fs::file_size(path("out/moves.journal")) - 3);
    } else {
      fs::remove(path("out/moves.journal"));
    }
    EXPECT_EQ(moved.undo().count(UndoOutcome::put_back), 3);
    EXPECT_EQ(state_of(moved.in()), before);
    fs::remove_all(path("out"));
  }
}

TEST_F(UndoMoves, RemovesTheCopyThatACrashLeftBesideTheOriginal) {
  auto moved = photos({"a.jpg", "b.jpg", "c.jpg"}, {0, 0, 0});
  const auto before = state_of(moved.in());
  moved.plan();
  fs::create_directories(result(""));
  fs::copy_file(moved.source(0), result("a.jpg"));
  set_modified(result("a.jpg"), 1'000'000'000, 123'456'789);  // as a move across file systems leaves it
  std::ofstream(result("b.jpg")) << "mine";
  fs::copy_file(moved.source(2), result("c.jpg"));
  std::ofstream(result("c.jpg"), std::ios::app) << "and more";
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre("copy removed", "at its place", "at its place"));
  EXPECT_EQ(state_of(moved.in()), before);
  EXPECT_EQ(tree(path("out/results")), (Names{"cluster_0/", "cluster_0/b.jpg", "cluster_0/c.jpg"}));
}

TEST_F(UndoMoves, TakesNoFileFromOutsideTheResult) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  fs::rename(result(""), path("elsewhere"));
  fs::create_directory_symlink(path("elsewhere"), path("out/results/cluster_0"));
  const auto before = state_of(path("elsewhere"));
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre("refused: a link leads out of the result folder",
                                                  "refused: a link leads out of the result folder"));
  EXPECT_EQ(state_of(path("elsewhere")), before);
}

// The place may be a link to where the photo is: it must not be taken for a second copy.
TEST_F(UndoMoves, LosesNothingWhereThePlaceLeadsIntoTheResult) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  fs::remove(moved.in());
  fs::create_directory_symlink(result(""), moved.in());
  const auto before = state_of(result(""));
  EXPECT_THAT(outcomes(moved.undo()), ElementsAre("refused: its place leads into the result folder",
                                                  "refused: its place leads into the result folder"));
  EXPECT_EQ(state_of(result("")), before);
}

TEST_F(UndoMoves, RefusesAFolderWithoutMoves) {
  auto moved = photos({"a.jpg"}, {0});
  EXPECT_THAT(error_of([&] { moved.undo(); }), IsError(ErrorCode::not_found, "has no moves.csv: nothing was moved"));
  fs::remove_all(path("out"));
  EXPECT_THAT(error_of([&] { moved.undo(); }), IsError(ErrorCode::not_found, "no such folder"));
}

struct Damage {
  const char* name;
  const char* row;
  const char* message;
};
void PrintTo(const Damage& value, std::ostream* out) { *out << value.row; }
class DamagedPlan : public UndoMoves, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedPlan, IsRefusedBeforeAnythingIsMoved) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  fs::remove(path("out/moves.journal"));
  std::ofstream(path("out/moves.csv"), std::ios::app) << GetParam().row;
  const auto before = state_of(folder_.path());
  EXPECT_THAT(error_of([&] { moved.undo(); }), IsError(ErrorCode::decode, GetParam().message));
  EXPECT_EQ(state_of(folder_.path()), before);
}
INSTANTIATE_TEST_SUITE_P(
    Each, DamagedPlan,
    ::testing::Values(Damage{"RelativeSource", "a,results/a,1,1\n", "row 3: source 'a' is no absolute path"},
                      Damage{"SourceOfNoName", "/a/,results/a,1,1\n", "is no absolute path"},
                      Damage{"DestinationElsewhere", "/a,/etc/passwd,1,1\n", "'/etc/passwd' is not below results/"},
                      Damage{"DestinationUpwards", "/a,results/../../a,1,1\n", "is not below results/"},
                      Damage{"DestinationOfNoName", "/a,results/,1,1\n", "is not below results/"},
                      Damage{"NoNumber", "/a,results/a,1,x\n", "'x' is no whole number"},
                      Damage{"TornLine", "/a,resul", "line 4: 2 fields"}),
    [](const auto& test) { return test.param.name; });

TEST_F(UndoMoves, RefusesAPlanThatIsNotTheJournals) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  std::ofstream(path("out/moves.csv"), std::ios::app) << "/a,results/a,1,1\n";
  const auto before = state_of(folder_.path());
  for (const bool dry_run : {true, false}) {
    EXPECT_THAT(error_of([&] { moved.undo(dry_run); }),
                IsError(ErrorCode::decode, "does not belong to moves.csv as it is now"));
  }
  EXPECT_EQ(state_of(folder_.path()), before);
}

TEST_F(UndoMoves, WaitsForNobody) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  const int journal = ::open(path("out/moves.journal").c_str(), O_RDONLY);
  ASSERT_EQ(::flock(journal, LOCK_EX), 0);
  EXPECT_THAT(error_of([&] { moved.undo(); }), IsError(ErrorCode::io, "another run is moving files of"));
  ::close(journal);
  EXPECT_EQ(moved.undo().count(UndoOutcome::put_back), 2);
}

TEST_F(UndoMoves, StopsWhenAskedAndGoesOnLater) {
  auto moved = photos({"a.jpg", "b.jpg"}, {0, 0});
  moved.move();
  moved.cancellation().request();
  EXPECT_THAT(
      error_of([&] { moved.undo(); }),
      IsError(ErrorCode::cancelled, "interrupted; 0 of 2 files were put back (the same command does the rest)"));
}

}  // namespace
}  // namespace simile
