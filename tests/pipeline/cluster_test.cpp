// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/similarity/ssim_gaussian.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::clusters;
using test::snapshot;
using test::tables;
using test::text_of;
using ::testing::HasSubstr;
using Clusters = std::map<std::string, std::string>;

class RunCluster : public test::Runs {};

// Groups of 3, 2 and 1 by turns: 0 1 2 | 3 4 | 5.
const Clusters kPlanted{{"0.png", "0"}, {"1.png", "1"}, {"2.png", "-1"},
                        {"3.png", "0"}, {"4.png", "1"}, {"5.png", "0"}};

TEST_F(RunCluster, FindsPlantedGroups) {
  const auto input = photos({3, 2, 1});
  const auto before = snapshot(input);
  const auto summary = cluster(input);
  EXPECT_EQ(clusters(out_), kPlanted);
  EXPECT_EQ(summary.num_items, 6);
  EXPECT_EQ(summary.num_groups, 2);
  EXPECT_EQ(summary.num_grouped, 5);
  EXPECT_EQ(summary.num_outliers, 1);
  EXPECT_EQ(summary.num_unreadable, 0);
  EXPECT_EQ(summary.largest_group, 3);
  EXPECT_EQ(summary.compare.pairs, 15);
  EXPECT_EQ(summary.kind, "folder");
  EXPECT_EQ(summary.threshold, 0.8);
  EXPECT_EQ(snapshot(input), before);
}

TEST_F(RunCluster, FindsPlantedGroupsByEveryHash) {
  const auto input = photos({3, 2, 1});
  for (const auto method : {Method::phash, Method::dhash, Method::ahash}) {
    cluster({.input = input, .features = {.method = method}, .out = out_, .overwrite = true});
    EXPECT_EQ(clusters(out_), kPlanted) << info(method).name;
  }
}

// Of 64-pixel photos nothing is resized: what is written is what the definition says of them.
TEST_F(RunCluster, WeighsWindowsAsWanted) {
  const auto images = stack(test::planted_images({3, 2, 1}));
  const SsimGaussianMetric metric(images.view());
  const auto summary = cluster({.input = photos({3, 2, 1}),
                                .metric = {SsimWindow::gaussian},
                                .threshold = -1,
                                .out = out_,
                                .similarities = true});
  EXPECT_EQ(summary.window, "gaussian");
  const auto table = read_csv(out_ / "similarities.csv");
  EXPECT_EQ(table.rows.size(), 15U);
  for (const auto& row : table.rows) {
    EXPECT_EQ(std::stod(row[2]), metric.exact(std::stoll(row[0]), std::stoll(row[1]))) << row[0] << " and " << row[1];
  }
  const auto manifest = nlohmann::json::parse(text_of(out_ / "manifest.json"));
  EXPECT_EQ(manifest["summary"]["window"], "gaussian");
  EXPECT_THAT(text_of(out_ / "report.html"), HasSubstr("ssim, gaussian window"));

  cluster({.input = path("photos"), .metric = {SsimWindow::gaussian}, .out = out_, .overwrite = true});
  EXPECT_EQ(clusters(out_), kPlanted);
  const auto of_photos = text_of(out_ / "clusters.csv");
  features({.input = path("photos"), .features = {}, .out = path("f.npy")});
  cluster({.input = path("f.npy"), .metric = {SsimWindow::gaussian}, .out = out_, .overwrite = true});
  EXPECT_EQ(text_of(out_ / "clusters.csv"), of_photos);
}

// In batches, and where the memory holds few tiles, the labels are the same.
TEST_F(RunCluster, GroupsByGaussianWindowsInLittleMemory) {
  const auto input = photos({3, 2, 1});
  cluster({.input = input, .metric = {SsimWindow::gaussian}, .out = out_});
  const auto whole = tables(out_);
  cluster({.input = input, .metric = {SsimWindow::gaussian}, .out = out_, .overwrite = true}, 1, 4 << 20);
  EXPECT_EQ(tables(out_), whole);
}

TEST_F(RunCluster, WritesAWholeResultFolder) {
  cluster({.input = photos({2, 1}), .out = out_, .similarities = true, .arguments = {"cluster", "photos"}});
  std::set<std::string> names;
  for (const auto& [name, content] : snapshot(out_)) names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"clusters.csv", "keep.csv", "manifest.json", "report.html",
                                          "similarities.csv", "unreadable.csv"}));
  const auto manifest = nlohmann::json::parse(text_of(out_ / "manifest.json"));
  EXPECT_EQ(manifest["arguments"], (nlohmann::json{"cluster", "photos"}));
  EXPECT_EQ(manifest["summary"]["groups"], 1);
  EXPECT_EQ(manifest["sha256"].size(), 5U);
  EXPECT_THAT(text_of(out_ / "report.html"), HasSubstr("../photos/"));
  EXPECT_EQ(text_of(out_ / "keep.csv"), "path\n0.png\n1.png\n");
  EXPECT_EQ(text_of(out_ / "unreadable.csv"), "path,reason\n");
}

TEST_F(RunCluster, ReportsTheWorkOnThePage) {
  const auto summary = cluster(photos({3, 2, 1}));
  const auto page = text_of(out_ / "report.html");
  const auto fact = [](const std::string& name, std::int64_t value) {
    return HasSubstr("<dt>" + name + "</dt><dd>" + std::to_string(value) + "</dd>");
  };
  EXPECT_THAT(page, fact("Pairs", 15));
  EXPECT_THAT(page, fact("Skipped", summary.compare.pairs_skipped));
  EXPECT_THAT(page, fact("Decided by bounds", summary.pairs_by_bounds()));
  EXPECT_THAT(page, fact("Evaluated exactly", summary.compare.exact_evaluations));
  EXPECT_THAT(page, HasSubstr("<dt>Plain double loop, about</dt><dd>"));
}

TEST_F(RunCluster, CountsItemsOfSmallGroupsAsOutliers) {
  const auto summary = cluster({.input = photos({3, 2, 1}), .min_size = 3, .out = out_});
  EXPECT_EQ(summary.num_groups, 1);
  EXPECT_EQ(clusters(out_).at("1.png"), "-1");
}

TEST_F(RunCluster, GivesOneImageAsAnOutlier) {
  const auto summary = cluster(photos({1}));
  EXPECT_EQ(summary.num_outliers, 1);
  EXPECT_EQ(summary.compare.pairs, 0);
  EXPECT_EQ(text_of(out_ / "clusters.csv"),
            "path,cluster,representative,similarity_to_representative\n0.png,-1,0.png,1\n");
}

TEST_F(RunCluster, PutsIdenticalImagesIntoOneGroup) {
  const auto image = test::png_of(constant_image(64, 64, 7));
  for (int k = 0; k < 5; ++k) folder_.write("photos/" + std::to_string(k) + ".png", image);
  const auto summary = cluster({.input = path("photos"), .threshold = 1, .out = out_});
  EXPECT_EQ(summary.num_groups, 1);
  EXPECT_EQ(summary.largest_group, 5);
}

TEST_F(RunCluster, ListsUnreadableFilesAndGoesOn) {
  const auto input = photos({2, 1});
  folder_.write("photos/text.png", std::string_view("hello"));
  folder_.write("photos/empty.jpg", std::string_view(""));
  const auto summary = cluster(input);
  EXPECT_EQ(summary.num_items, 5);
  EXPECT_EQ(summary.num_unreadable, 2);
  EXPECT_EQ(clusters(out_), (Clusters{{"0.png", "0"}, {"1.png", "-1"}, {"2.png", "0"}}));
  const auto unreadable = read_csv(out_ / "unreadable.csv");
  ASSERT_EQ(unreadable.rows.size(), 2U);
  EXPECT_EQ(unreadable.rows[0][0], "empty.jpg");
  EXPECT_EQ(unreadable.rows[1][0], "text.png");
}

TEST_F(RunCluster, HonoursIncludeAndExclude) {
  const auto input = photos({3, 2, 1});
  cluster({.input = input, .listing = {.include = {"[0-3].png"}, .exclude = {"1*"}}, .out = out_});
  EXPECT_EQ(clusters(out_), (Clusters{{"0.png", "0"}, {"2.png", "-1"}, {"3.png", "0"}}));
}

TEST_F(RunCluster, SaysPurityOfTheGrouped) {
  const auto images = test::planted_images({3, 2, 1});
  const char* const names[] = {"cat/0.png", "dog/1.png", "cat/2.png", "cat/3.png", "dog/4.png", "dog/5.png"};
  for (std::size_t k = 0; k < images.size(); ++k) {
    folder_.write("photos/" + std::string(names[k]), test::png_of(images[k]));
  }
  folder_.write("photos/broken/first.png", std::string_view("x"));  // rows are not items from here on
  const auto summary = cluster({.input = path("photos"), .truth = "folders", .out = out_});
  EXPECT_TRUE(summary.has_truth);
  EXPECT_EQ(summary.num_judged, 5);
  EXPECT_DOUBLE_EQ(summary.purity, 0.8);  // {cat cat dog} and {dog dog}; the outlier does not count
}

TEST_F(RunCluster, TransfersIntoTheResult) {
  const auto input = photos({2, 1});
  cluster({.input = input, .out = out_, .transfer = Transfer::copy});
  EXPECT_EQ(text_of(out_ / "results/cluster_0/2.png"), text_of(input / "2.png"));
  EXPECT_EQ(text_of(out_ / "results/outliers/1.png"), text_of(input / "1.png"));
  cluster({.input = input, .out = out_, .overwrite = true, .transfer = Transfer::link});
  EXPECT_TRUE(fs::is_symlink(out_ / "results/cluster_0/2.png"));
  EXPECT_EQ(text_of(out_ / "results/cluster_0/2.png"), text_of(input / "2.png"));
}

TEST_F(RunCluster, DoesNotFollowLinksOfAnEarlierResultWhenItReplacesIt) {
  const auto input = photos({2, 1});
  const auto before = snapshot(input);
  cluster({.input = input, .out = out_, .transfer = Transfer::link});
  cluster({.input = input, .out = out_, .overwrite = true});
  EXPECT_EQ(snapshot(input), before);
  EXPECT_FALSE(fs::exists(out_ / "results"));
}

TEST_F(RunCluster, RefusesToReplaceAResultUnlessAsked) {
  const auto input = photos({2});
  cluster(input);
  expect_refused({.input = input, .out = out_}, ErrorCode::invalid_argument, "--overwrite");
}

TEST_F(RunCluster, WritesBesideTheInputByDefault) {
  const auto input = photos({2});
  EXPECT_EQ(cluster({.input = input}).output, path("photos_clustered").native());
  EXPECT_EQ(cluster({.input = path("photos/"), .overwrite = true}).output, path("photos_clustered").native());
  EXPECT_EQ(cluster({.input = path("photos/."), .overwrite = true}).output, path("photos_clustered").native());
  fs::create_directory_symlink(input, path("link"));
  EXPECT_EQ(cluster({.input = path("link"), .overwrite = true}).output, path("photos_clustered").native());
  EXPECT_EQ(default_result_folder("/data/features.npy"), "/data/features.npy_clustered");
}

TEST_F(RunCluster, PlansWithoutWriting) {
  const auto input = photos({3, 2, 1});
  const auto before = snapshot(folder_.path());
  const auto text = plan({.input = input, .min_size = 3, .out = out_, .transfer = Transfer::copy});
  EXPECT_EQ(snapshot(folder_.path()), before);
  for (const auto* part : {"6 items", "15, by ssim", "from 0.8", "at least 3", "out'", "results'", "--dry-run"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(test::error_of([&] { plan({.input = path("no")}); }),
              test::IsError(ErrorCode::not_found, "no such file or folder"));
}

TEST_F(RunCluster, LeavesNothingWhenInterrupted) {
  const auto input = photos({2});
  cancellation_.request();
  expect_refused({.input = input, .out = out_}, ErrorCode::cancelled, "interrupted");
}

}  // namespace
}  // namespace simile
