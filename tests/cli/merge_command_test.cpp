// SPDX-License-Identifier: Apache-2.0
// `simile merge` on the command line: from a run with --no-merge to the result of a run without.
#include <csignal>
#include <thread>

#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/process.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::Fails;
using test::Process;
using test::simile_run;
using test::tables;
using ::testing::HasSubstr;

class MergeCommand : public test::Runs {
 protected:
  void SetUp() override {
    cluster_cli("whole");
    cluster_cli("apart", {"--no-merge"});
  }
  test::Outcome cluster_cli(const std::string& out, std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {"cluster", input_.native(), "--batch-size", "4", "--no-cache", "--out", path(out).native()});
    return simile_run(more);
  }
  test::Outcome merge_cli(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"merge", path("apart").native(), "--no-cache"});
    return simile_run(more);
  }
  fs::path input_ = photos({4, 3, 2, 1, 1});
};

TEST_F(MergeCommand, IsWhatARunThatLeavesBatchesApartNames) {
  EXPECT_THAT(cluster_cli("apart", {"--no-merge", "--overwrite"}).out,
              HasSubstr("the batches are apart: simile merge '" + path("apart").native() + "' goes on from here\n"));
  EXPECT_THAT(cluster_cli("whole", {"--overwrite"}).out, ::testing::Not(HasSubstr("simile merge")));
}

TEST_F(MergeCommand, WarnsOfOtherGroupsOnlyWhereThereAreSeveralBatches) {
  EXPECT_THAT(cluster_cli("whole", {"--overwrite"}).out, HasSubstr("of all 55 pairs, so groups may differ from"));
  EXPECT_THAT(cluster_cli("whole", {"--overwrite", "--batch-size", "11"}).out,
              HasSubstr("1 batch: 55 pairs within them, 0 of representatives; 100.0% of all 55 pairs\n"));
}

TEST_F(MergeCommand, GivesTheTablesOfARunThatMerges) {
  const auto outcome = merge_cli();
  EXPECT_EQ(outcome.code, kExitDone) << outcome.err;
  EXPECT_EQ(tables(path("apart_merged")), tables(path("whole")));
  EXPECT_THAT(outcome.out, HasSubstr("11 images: 3 groups of 9 images"));
  EXPECT_THAT(outcome.out, HasSubstr("3 batches: 15 pairs within them, "));
  EXPECT_THAT(outcome.out, HasSubstr("15 pairs were compared by the runs that made the batches\n"));
  EXPECT_THAT(outcome.out, HasSubstr("report: " + path("apart_merged/report.html").native() + "\n"));
}

TEST_F(MergeCommand, PrintsJsonOrAPlanWhenAsked) {
  const auto plan = merge_cli({"--dry-run"});
  EXPECT_EQ(plan.code, kExitDone) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("batches: 3 batches of '"));
  EXPECT_FALSE(fs::exists(path("apart_merged")));
  const auto outcome = merge_cli({"--json", "--quiet"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["merged_from"][0], path("apart").native());
  EXPECT_THAT(merge_cli({"--dry-run", "--json"}), Fails(kExitUsage, "excludes"));
}

TEST_F(MergeCommand, TakesFlagsAndFoldersInAnyOrder) {
  fs::rename(input_, path("moved"));
  EXPECT_THAT(merge_cli(), Fails(kExitFailed, "--input PHOTOS says where it is now"));
  const auto outcome = simile_run({"merge", "--input", path("moved").native(), path("apart").native(), "-t", "0.9",
                                   "--min-size=3", "--out", out_.native()});
  EXPECT_EQ(outcome.code, kExitDone) << outcome.err;
  EXPECT_THAT(simile_run({"merge", path("apart").native(), "--input", path("moved").native(), "--input", "x"}),
              Fails(kExitUsage, "--input '" + path("moved").native() + "': give one for each of 1 folders"));
}

TEST_F(MergeCommand, HasTheExitCodesOfTheManual) {
  EXPECT_THAT(simile_run({"merge"}), Fails(kExitUsage, "DIR is required"));
  EXPECT_THAT(simile_run({"merge", path("none").native()}), Fails(kExitFailed, "no such folder"));
  EXPECT_THAT(simile_run({"merge", path("whole").native()}), Fails(kExitUsage, "is merged already"));
  EXPECT_THAT(merge_cli({"--method", "phash"}), Fails(kExitUsage, "--method: no such option"));
  EXPECT_THAT(merge_cli({"-t", "2"}), Fails(kExitUsage, "-t 2: allowed for ssim are -1 to 1"));
  EXPECT_THAT(merge_cli({"--max-decode-time", "86401"}), Fails(kExitUsage, "whole numbers from 0 to 86400"));
  EXPECT_THAT(merge_cli({"--min-size", "0"}), Fails(kExitUsage, "--min-size '0'"));
  EXPECT_THAT(merge_cli({"--out", path("apart").native()}), Fails(kExitUsage, "--overwrite replaces"));
  fs::remove(input_ / "3.png");
  EXPECT_THAT(merge_cli(), Fails(kExitFailed, "'3.png' has gone; simile cluster makes the batches anew"));
  cancellation_.request();
  EXPECT_THAT(simile_run({"merge", path("apart").native()}, cancellation_), Fails(kExitInterrupted, ""));
}

TEST_F(MergeCommand, TakesItsSettingsFromTheEnvironmentAndAFile) {
  folder_.write("s.toml", std::string_view("[merge]\nmin-size = 4\n"));
  EXPECT_THAT(merge_cli({"--config", path("s.toml").native()}).out, HasSubstr("11 images: 1 group of 4 images"));
  EXPECT_THAT(merge_cli({"--overwrite", "--max-decode-time", "0"}), ::testing::Field(&test::Outcome::code, kExitDone));
  {
    const test::Variable variable("SIMILE_MAX_DECODE_TIME", "x");
    EXPECT_THAT(merge_cli(), Fails(kExitUsage, "--max-decode-time 'x' (from SIMILE_MAX_DECODE_TIME)"));
  }
  const test::Variable variable("SIMILE_OVERWRITE", "true");  // switches are no variables
  EXPECT_THAT(merge_cli(), Fails(kExitUsage, "exists"));
}

// Whatever stops it, the folder of batches stays, and the next run makes the same result.
TEST_F(MergeCommand, LeavesTheBatchesWholeWhenKilled) {
  const auto before = test::snapshot(path("apart"));
  for (int round = 0; round < 20; ++round) {
    Process process({"merge", path("apart").native(), "--out", out_.native(), "--overwrite", "-q", "--no-cache"});
    std::this_thread::sleep_for(std::chrono::milliseconds(3 * round));
    process.send(SIGKILL);
    process.wait();
    ASSERT_EQ(test::snapshot(path("apart")), before);
    if (!fs::exists(out_)) continue;
    EXPECT_EQ(tables(out_), tables(path("whole")));
  }
  EXPECT_EQ(merge_cli({"--out", out_.native(), "--overwrite"}).code, kExitDone);
  EXPECT_EQ(tables(out_), tables(path("whole")));
}

}  // namespace
}  // namespace simile
