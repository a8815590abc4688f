// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/report/undo.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::snapshot;
using test::text_of;
using ::testing::HasSubstr;
using ::testing::Not;

class Moving : public test::Runs {
 protected:
  ClusterOptions options(const fs::path& input) const {
    return {.input = input, .out = out_, .transfer = Transfer::move};
  }
  UndoSummary undo() {
    ThreadPool pool(1);
    return undo_moves(out_, false, {pool, *progress_, cancellation_, 1 << 20, {}});
  }
};

TEST_F(Moving, TakesThePhotosIntoTheResultAndUndoPutsThemBack) {
  const auto input = photos({2, 1});
  folder_.write("photos/text.png", std::string_view("hello"));
  const auto before = snapshot(input);
  const auto summary = cluster(options(input));
  EXPECT_EQ(summary.num_moved, 3);
  EXPECT_EQ(summary.num_transfer_errors, 0);
  EXPECT_EQ(snapshot(input), (std::map<std::string, std::string>{{"text.png", "hello"}}));
  EXPECT_TRUE(fs::is_regular_file(out_ / "results/cluster_0/2.png"));
  const auto page = text_of(out_ / "report.html");
  EXPECT_THAT(page, HasSubstr("href=\"./results/cluster_0/0.png\""));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/jpeg"));
  EXPECT_THAT(page, HasSubstr("../photos/text.png"));
  EXPECT_THAT(page, Not(HasSubstr("../photos/0.png")));
  const auto manifest = nlohmann::json::parse(text_of(out_ / "manifest.json"));
  EXPECT_EQ(manifest["summary"]["moved"], 3);
  EXPECT_TRUE(manifest["sha256"].contains("moves.csv"));
  EXPECT_FALSE(manifest["sha256"].contains("moves.journal"));
  EXPECT_EQ(undo().count(UndoOutcome::put_back), 3);
  EXPECT_EQ(snapshot(input), before);
}

TEST_F(Moving, OfAListReportsWhatStaysAndLinksToItThere) {
  photos({2, 2});
  fs::create_symlink("0.png", path("photos/link.png"));
  const auto list = folder_.write("list.txt", std::string_view("photos/0.png\nphotos/1.png\nphotos/0.png\n"
                                                               "photos/link.png\nphotos/../photos/1.png\n"));
  const auto summary = cluster(options(list));
  EXPECT_EQ(summary.num_repeats, 1);
  EXPECT_EQ(summary.num_moved, 2);
  EXPECT_EQ(summary.num_transfer_errors, 2);
  EXPECT_EQ(text_of(out_ / "transfer_errors.csv"),
            "path,reason\nphotos/link.png,is a symbolic link and stays where it is\n"
            "photos/../photos/1.png,is the same file as 'photos/1.png'\n");
  EXPECT_TRUE(fs::is_symlink(path("photos/link.png")));
  const auto page = text_of(out_ / "report.html");
  EXPECT_THAT(page, HasSubstr("href=\"./../photos/link.png\""));
  EXPECT_THAT(page, HasSubstr("href=\"./results/cluster_0/photos/0.png\""));
  EXPECT_EQ(nlohmann::json::parse(text_of(out_ / "manifest.json"))["summary"]["transfer_errors"], 2);
}

TEST_F(Moving, RefusesToReplaceAResultThatHoldsPhotos) {
  const auto input = photos({2, 1});
  cluster(options(input));
  photos({2, 1});  // new ones at the old places
  auto again = options(input);
  again.overwrite = true;
  expect_refused(again, ErrorCode::invalid_argument, "simile undo");
  fs::remove_all(input);
  undo();
  cluster({.input = input, .out = out_, .overwrite = true});
  EXPECT_FALSE(fs::exists(out_ / "moves.csv"));
}

TEST_F(Moving, IsPlannedInADryRun) {
  const auto input = photos({2, 1});
  fs::create_symlink("0.png", path("photos/link.png"));
  const auto list = folder_.write("list.txt", std::string_view("photos/0.png\nphotos/link.png\n"));
  const auto before = snapshot(folder_.path());
  const auto text = plan(options(list));
  EXPECT_EQ(snapshot(folder_.path()), before);
  for (const auto* part : {"move: 1 file (", "results'", "simile undo '", "link.png', which is no regular file"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

// The result is complete before the first file moves: a run that is stopped earlier leaves every photo where it was.
TEST_F(Moving, LeavesEverythingWhenInterruptedBefore) {
  const auto input = photos({2});
  cancellation_.request();
  expect_refused(options(input), ErrorCode::cancelled, "interrupted");
}

}  // namespace
}  // namespace simile
