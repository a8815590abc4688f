// SPDX-License-Identifier: Apache-2.0
// `--transfer move` and `simile undo` against the built program: what they say, and kill -9 at any moment.
#include <csignal>
#include <thread>

#include <unistd.h>

#include "cli/command_line.hpp"
#include "cli/process.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::Fails;
using test::Process;
using test::simile_run;
using test::snapshot;
using ::testing::HasSubstr;

class UndoCommand : public test::Runs {
 protected:
  std::vector<std::string> move_command(const fs::path& input) const {
    return {"cluster", input.native(), "--out", out_.native(), "--transfer", "move", "-q", "--threads", "1"};
  }
  test::Outcome undo(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"undo", out_.native(), "-q"});
    return simile_run(more);
  }
};

TEST_F(UndoCommand, SaysWhatItPutsBack) {
  const auto input = photos({2, 1});
  const auto before = snapshot(input);
  const auto moved = simile_run(move_command(input));
  EXPECT_EQ(moved.code, kExitDone) << moved.err;
  EXPECT_THAT(moved.out, HasSubstr("3 files moved (simile undo '" + out_.native() + "' takes that back)\n"));
  const auto planned = undo({"--dry-run"});
  EXPECT_EQ(planned.code, kExitDone);
  EXPECT_THAT(planned.out, HasSubstr("'" + (out_ / "results/cluster_0/0.png").native() + "' -> '" +
                                     (input / "0.png").native() + "'\n"));
  EXPECT_THAT(planned.out, HasSubstr("3 files to be put back\nnothing was moved (--dry-run)\n"));
  EXPECT_EQ(undo().out, "3 files put back\n");
  EXPECT_EQ(snapshot(input), before);
  EXPECT_EQ(undo().out, "0 files put back, 3 already in place\n");
}

TEST_F(UndoCommand, FailsWhereAPlaceIsTakenAndNamesIt) {
  const auto input = photos({2, 1});
  simile_run(move_command(input));
  folder_.write("photos/1.png", std::string_view("mine"));
  fs::remove(out_ / "results/cluster_0/2.png");
  const auto outcome = undo();
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_EQ(outcome.out, "1 file put back, 1 gone, 1 left in the result folder\n");
  EXPECT_THAT(outcome.err, HasSubstr("outliers/1.png': another file stands at '" + (input / "1.png").native() + "'\n"));
  EXPECT_THAT(outcome.err, HasSubstr("2.png': is neither in the result folder nor at its place\n"));
  EXPECT_THAT(outcome.err, HasSubstr("simile: 1 file stayed in '" + out_.native() + "', for the reasons above\n"));
  EXPECT_EQ(test::text_of(input / "1.png"), "mine");
  fs::remove(input / "1.png");
  EXPECT_EQ(undo().code, kExitDone);  // what is gone is said, and does not fail
}

TEST_F(UndoCommand, RefusesWhatIsNoResultOfAMove) {
  EXPECT_THAT(undo(), Fails(kExitFailed, "no such folder: '"));
  fs::create_directory(out_);
  EXPECT_THAT(undo(), Fails(kExitFailed, "has no moves.csv"));
  EXPECT_THAT(simile_run({"undo"}), Fails(kExitUsage, "DIR is required"));
}

TEST_F(UndoCommand, LeavesPhotosInAFolderThatMayNotBeWritten) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
  const auto input = photos({2, 1});
  fs::permissions(folder_.path(), fs::perms(0777));
  fs::permissions(input, fs::perms(0555));
  const auto before = snapshot(input);
  Process process(move_command(input), {.as_nobody = true});
  EXPECT_EQ(process.wait(), kExitDone) << process.err();
  EXPECT_THAT(process.out(), HasSubstr("0 files moved"));
  EXPECT_THAT(process.out(), HasSubstr("3 files could not be transferred"));
  EXPECT_EQ(test::text_of(out_ / "transfer_errors.csv"),
            "path,reason\n0.png,Permission denied\n1.png,Permission denied\n2.png,Permission denied\n");
  EXPECT_THAT(test::text_of(out_ / "report.html"), HasSubstr("href=\"./../photos/0.png\""));
  EXPECT_EQ(snapshot(input), before);
}

TEST_F(UndoCommand, MendsKillsOfTheMoveAndOfItself) {
  const auto input = photos({9, 8, 7, 6, 5, 4, 3, 2, 1});
  const auto before = snapshot(input);
  Random random(4);
  int in_the_middle = 0;
  for (int round = 0; round < 25; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    {
      Process process(move_command(input));
      ASSERT_TRUE(test::wait_until([&] { return fs::exists(out_) || !process.running(); }));
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(2000)));
      process.send(SIGKILL);
      process.wait();
    }
    const auto left = snapshot(input).size();
    in_the_middle += left > 0 && left < before.size() ? 1 : 0;
    {
      Process process({"undo", out_.native(), "-q"});
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(12'000)));
      process.send(SIGKILL);
      process.wait();
    }
    const auto outcome = undo();
    EXPECT_EQ(outcome.code, kExitDone) << outcome.err;
    ASSERT_EQ(snapshot(input), before);
    EXPECT_FALSE(fs::exists(out_ / "results"));
    fs::remove_all(out_);
  }
  RecordProperty("killed_in_the_middle_of_the_move", in_the_middle);
}

}  // namespace
}  // namespace simile
